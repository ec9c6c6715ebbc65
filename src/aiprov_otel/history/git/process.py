"""The only module that starts a process: git in a clean environment, its errors in one line."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from aiprov_otel.errors import HistoryError

# A hook is handed GIT_DIR, GIT_INDEX_FILE and more. Left in place, every git we start would
# answer about that repository, whatever our working directory. These say how git works, not on
# what; safe.directory often comes in through them.
_KEEP: Final = {
    "GIT_CEILING_DIRECTORIES",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EXEC_PATH",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
}
_KEEP_PREFIXES: Final = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")

# What a user's configuration could change about an answer is set to git's own default.
_CONFIG: Final = {
    "blame.markIgnoredLines": "false",
    "blame.markUnblamableLines": "false",
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "diff.algorithm": "default",
    "diff.indentHeuristic": "true",
}

SETTINGS: Final = tuple(word for key, value in _CONFIG.items() for word in ("-c", f"{key}={value}"))
"""The options of git that put its configuration right."""


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """*inherited* without what would point git at another repository, and with plain output."""
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith("GIT_") or name in _KEEP or name.startswith(_KEEP_PREFIXES)
    }
    # Optional locks are for refreshing the index; a reader leaves it alone.
    return {**kept, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


class Processes:
    """Processes that run for us, in as many threads as there are, and can all be killed at once."""

    def __init__(self) -> None:
        self._live: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def finish(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        variables: Mapping[str, str],
        stdin: bytes = b"",
        seconds: float | None = None,
    ) -> tuple[int, bytes, bytes]:
        """
        The exit status of *command*, what it writes, and what it complains of.

        One that takes longer than *seconds* is killed; its status is below zero, its output empty.

        Raises:
            HistoryError: there is no such program, or `stop` was called.
        """
        process = self._start(command, folder, variables)
        try:
            output, complaint = process.communicate(stdin, seconds)
        except BaseException as error:
            _kill(process)
            process.communicate()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            output = complaint = b""
        finally:
            with self._lock:
                self._live.discard(process)
        return process.returncode, output, complaint

    def stop(self) -> None:
        """Kill all that still run, and start no more."""
        with self._lock:
            self._stopped = True
            for process in self._live:
                _kill(process)

    def _start(
        self, command: Sequence[str], folder: Path, variables: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                msg = "interrupted; nothing was written"
                raise HistoryError(msg)
            try:
                process = subprocess.Popen(
                    command,
                    cwd=folder,
                    env=variables,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,  # so that what it starts can be killed with it
                )
            except FileNotFoundError as error:
                msg = f"{command[0]} was not found; install it, or put it on PATH"
                raise HistoryError(msg) from error
            self._live.add(process)
        return process


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


_SECRET: Final = re.compile(r"(?<=://)[^\s'\"]*@|\b[^\s:/'\"]+:[^\s'\"]+@")
"""User and password in an address, wherever git has it from."""

IGNORE_REVS: Final = "object name list"
"""In the message of a git that can't blame any file, as its own configuration is wrong."""


def failure_reason(root: Path, verb: str, complaint: bytes) -> str:
    """Why `git verb` failed in the repository at *root*, by its *complaint*."""
    lines = complaint.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
    first = _SECRET.sub("", lines[0].removeprefix("fatal: ").removeprefix("error: "))
    if "not a git repository" in first:
        return f"{root} is not in a git repository; run in one, or name a folder that is"
    if "dubious ownership" in first:
        advice = next((line.strip() for line in lines if "safe.directory" in line), "")
        return f"git refuses: {first}. If you trust it: {advice}"
    if IGNORE_REVS in first:
        return f"git refuses blame.ignoreRevsFile of its configuration: {first}; mend or unset it"
    return f"git {verb} failed in {root}: {first}"
