"""The command `aiprov` as a user starts it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from support.waiting import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

AIPROV = (sys.executable, "-m", "aiprov_otel")


def environment(**variables: str) -> dict[str, str]:
    """This process's environment, so that a child imports what we import, and *variables*."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **variables}


def start(*words: str, cwd: Path, **variables: str) -> subprocess.Popen[str]:
    """Start `aiprov` with *words*, its output at hand."""
    return subprocess.Popen(
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
