"""An interpreter and the packages that it has: what a command will find when it starts."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiprov_otel.errors import UsageError
from aiprov_otel.lending.packages import canonical

# `python -c` would take modules of the working directory, a repository, for those of Python.
_SURVEY: Final = """
import sys
sys.path[:] = filter(None, sys.path)
import json, os, platform, sysconfig
from importlib.metadata import distributions
read = (each.metadata for each in distributions())  # which parses the file at each access
names = [(each["Name"] or "", each["Version"]) for each in read]
externally = sys.prefix == sys.base_prefix and os.path.exists(
    os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED"))
print(json.dumps([platform.python_version(), sys.implementation.name, sys.executable,
    os.path.realpath(sys.prefix), externally, names]))
"""


@dataclass(frozen=True, slots=True)
class Survey:
    """
    An interpreter.

    Attributes:
        python: its version.
        executable: its path.
        packages: the version of each installed distribution, by its canonical name.
        implementation: `cpython`, or another.
        prefix: the environment that it installs into.
        externally_managed: whether that refuses `pip install`.
    """

    python: str
    executable: str
    packages: Mapping[str, str]
    implementation: str = "cpython"
    prefix: str = ""
    externally_managed: bool = False

    @property
    def minor(self) -> tuple[int, int]:
        """Its version, such as (3, 13)."""
        major, minor, *_ = self.python.split(".")
        return int(major), int(minor)

    def install(self, *packages: str) -> str:
        """The command that installs *packages* into it, as text."""
        names = " ".join(f"'{each}'" if set(each) & set("<>[ ") else each for each in packages)
        if self.externally_managed:
            return f"{self.executable} -m venv .venv && .venv/bin/python -m pip install {names}"
        if "pip" not in self.packages and shutil.which("uv"):
            return f"uv pip install --python {self.executable} {names}"
        ensured = "" if "pip" in self.packages else f"{self.executable} -m ensurepip && "
        return f"{ensured}{self.executable} -m pip install {names}"


def survey(interpreter: str | Path, variables: Mapping[str, str] | None = None) -> Survey:
    """
    Asks *interpreter* for its version and packages.

    Raises:
        UsageError: it does not start.
    """
    with start_survey(interpreter, variables) as answer:
        return answer()


@contextmanager
def start_survey(
    interpreter: str | Path, variables: Mapping[str, str] | None = None
) -> Iterator[Callable[[], Survey]]:
    """
    Starts a survey; yields a function that waits for its result.

    Raises:
        UsageError: from that function: the interpreter does not start.
    """
    command = [str(interpreter), "-c", _SURVEY]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=variables) as process:

        def answer() -> Survey:
            text, _ = process.communicate()
            if process.returncode:
                msg = f"{interpreter} does not start; `{interpreter} -c ''` shows why"
                raise UsageError(msg)
            python, implementation, executable, prefix, managed, names = json.loads(text)
            return Survey(python, executable, canonical(names), implementation, prefix, managed)

        try:
            yield answer
        finally:
            process.kill()  # if an error came before the answer
