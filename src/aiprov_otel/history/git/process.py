"""The only module that starts a process: children whose output is wanted, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiprov_otel.errors import HistoryError


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
