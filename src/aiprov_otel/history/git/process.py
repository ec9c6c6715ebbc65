"""Starts git: a clean environment, processes that can be killed, errors in one line."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from aiprov_otel.errors import HistoryError
from aiprov_otel.format import hide_credentials

# A hook is handed GIT_DIR, GIT_INDEX_FILE and more. Left in place, every git we start would
# answer about that repository, whatever our working directory. These set how git works, not on
# what; safe.directory often comes in through them.
_KEPT: Final = {
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
_KEPT_PREFIXES: Final = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")

IGNORE_REVS_ERROR: Final = "object name list"
"""Part of git's message when it can't use `blame.ignoreRevsFile`, and so can't blame any file."""


def clean_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """*inherited* without what would point git at another repository, and with plain output."""
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith("GIT_") or name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    # Optional locks are for refreshing the index; a reader leaves it alone.
    return {
        **kept,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def settings_variables(
    settings: Iterable[tuple[str, str]], environment: Mapping[str, str]
) -> dict[str, str]:
    """The variables that give git these *settings*, after those that *environment* gives it."""
    count = environment.get("GIT_CONFIG_COUNT", "")
    number = int(count) if count.isdecimal() else 0
    variables = {}
    for key, value in settings:
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
        number += 1
    return {**variables, "GIT_CONFIG_COUNT": str(number)}


class Processes:
    """Processes started from any number of threads, which can all be killed at once."""

    def __init__(self) -> None:
        self._live: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        variables: Mapping[str, str],
        stdin: bytes = b"",
        seconds: float | None = None,
    ) -> tuple[int, bytes, bytes]:
        """
        Runs *command* to its end; returns its exit status, its output and its error output.

        After *seconds* it is killed: the status is then negative, and both outputs are empty.

        Raises:
            HistoryError: the program is not installed, or `stop` was called.
        """
        process = None
        try:
            with _handlers_wait():
                process = self._start(command, folder, variables)
            output, errors = process.communicate(stdin, seconds)
        except BaseException as error:
            if process is None:  # it was not started
                raise
            _kill(process)
            process.communicate()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            output = errors = b""
        finally:
            if process is not None:
                with self._lock:
                    self._live.discard(process)
        return process.returncode, output, errors

    def stop(self) -> None:
        """Kills all that still run, and starts no more."""
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
                    start_new_session=True,  # so that its own children can be killed with it
                )
            except FileNotFoundError as error:
                msg = f"{command[0]} was not found; install it, or put it on PATH"
                raise HistoryError(msg) from error
            self._live.add(process)
        return process


@contextmanager
def _handlers_wait() -> Iterator[None]:
    """
    No signal handler of Python runs in this block, if the process has no other thread.

    The exception of one, in the middle of `Popen`, would leave a process that nobody knows. What is
    started has those signals blocked: it has a session of its own, and `_kill` needs none of them.
    """
    handled = {number for number in signal.valid_signals() if callable(signal.getsignal(number))}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, handled)  # raises for a signal that came before
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def failure_reason(root: Path, verb: str, errors: bytes) -> str:
    """Why `git verb` failed in the repository at *root*, in one line, by its error output."""
    lines = errors.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
    first = hide_credentials(lines[0].removeprefix("fatal: ").removeprefix("error: "))
    if "not a git repository" in first:
        return f"{root} is not in a git repository; run in one, or name a folder that is"
    if "dubious ownership" in first:
        advice = next((line.strip() for line in lines if "safe.directory" in line), "")
        return f"git refuses: {first}. If you trust it: {advice}"
    if "safe.bareRepository" in first:
        where = "a bare repository, or a .git folder"
        return f"{root} has no work tree ({where}); run in a clone"
    if any("promisor remote" in line for line in lines):
        return f"the partial clone {root} lacks objects; give --remote to fetch them"
    if IGNORE_REVS_ERROR in first:
        return f"git can't use blame.ignoreRevsFile of its configuration: {first}; fix or unset it"
    return f"git {verb} failed in {root}: {first}"
