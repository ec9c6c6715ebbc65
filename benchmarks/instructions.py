"""Counts the instructions of a process: the same numbers on a busy machine as on an idle one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_TOTAL = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)


class Counted:
    """A process under valgrind; nothing is counted, nor slow, but what `count` runs."""

    def __init__(self, process: subprocess.Popen[Any], folder: Path) -> None:
        self.process = process
        self._folder = folder
        self._dumps = 0

    def count(self, work: Callable[[], object]) -> int:
        """The instructions that the process executes during *work*."""
        self._monitor("instrumentation", "on")
        self._monitor("zero")
        work()
        self._monitor("dump")
        self._monitor("instrumentation", "off")
        self._dumps += 1
        (path,) = self._folder.glob(f"{self.process.pid}.{self._dumps}")
        if (total := _TOTAL.search(path.read_text())) is None:
            sys.exit(f"{path} has no total")
        return int(total[1])

    def _monitor(self, *words: str) -> None:
        command = ["vgdb", f"--pid={self.process.pid}", *words]
        subprocess.run(command, check=True, capture_output=True)


def is_available() -> bool:
    """Whether valgrind is on this machine."""
    return shutil.which("valgrind") is not None


@contextmanager
def counted(command: Sequence[str], **options: Any) -> Iterator[Counted]:
    """*command*, running under valgrind; it is ended at the end of the block."""
    with tempfile.TemporaryDirectory() as name:
        tool = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no"]
        tool += [f"--callgrind-out-file={name}/%p"]
        environ = options.pop("env", os.environ) | {"PYTHONHASHSEED": "0"}
        with subprocess.Popen([*tool, *command], env=environ, **options) as process:
            try:
                yield Counted(process, Path(name))
            finally:
                process.terminate()
