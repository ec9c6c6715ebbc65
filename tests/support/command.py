"""The command `aiprov`: as a process of its own, or its `main()` in this one."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from types import TracebackType
from typing import TYPE_CHECKING, Any

from aiprov_otel.cli.main import main
from support.waiting import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

AIPROV = (sys.executable, "-m", "aiprov_otel")


UNMEASURED = {"COVERAGE_PROCESS_CONFIG": ""}
"""For a process in which the coverage of the tests would change what it shows."""


def environment(**variables: str) -> dict[str, str]:
    """This process's environment, so that a child imports what we import, and *variables*."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **variables}


class Started(subprocess.Popen[str]):
    """A process that does not outlive a test that failed: waiting for it would never end."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.kill()
        super().__exit__(kind, error, trace)


def start(*words: str, cwd: Path, **variables: str) -> Started:
    """Start `aiprov` with *words*, its output at hand."""
    return Started(
        [*AIPROV, *words],
        cwd=cwd,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def aiprov(*words: str, cwd: Path, **variables: str) -> Any:
    """Run `aiprov` with *words* to its end: `.returncode`, `.stdout`, `.stderr`."""
    with start(*words, cwd=cwd, **variables) as process:
        output, complaint = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(process.args, process.returncode, output, complaint)


def invoke(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The same in this process, which takes a tenth of the time: the command's `main()`."""
    output, complaint = io.StringIO(), io.StringIO()
    with chdir(cwd), redirect_stdout(output), redirect_stderr(complaint):
        status = main(words)
    return subprocess.CompletedProcess(words, status, output.getvalue(), complaint.getvalue())
