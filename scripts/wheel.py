"""Builds the wheel of this tree, installs it into environments, and runs commands there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from environment import HOME, ROOT, clean, install, run

VERSIONS = ("3.13", "3.12", "3.11")
IN_PARALLEL = ("-n", "auto", "--dist", "worksteal")


def interpreters() -> dict[str, str]:
    """Returns the interpreters on this machine by version, newest first; prints what is missing."""
    found = subprocess.check_output(["sh", "scripts/pythons"], cwd=ROOT, text=True).split()
    pythons = {_version(python): python for python in found}
    for version in VERSIONS:
        print(f"Python {version}: {pythons.get(version, 'not found, not tested')}", flush=True)
    return pythons


def install_wheel(environments: Iterable[Path]) -> None:
    """Builds the wheel once and installs it into each of *environments*, named by its commands."""
    builder, *others = environments
    folder = HOME / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    run(str(builder / "pip"), "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), ".")
    (wheel,) = folder.glob("*.whl")
    for commands in (builder, *others):
        install(commands, str(wheel))
        _prove(commands)


def call(*command: Path | str, **variables: str) -> int:
    """Prints *command* and runs it at the root with *variables*; returns its exit status."""
    print("$", *(f"{key}={value}" for key, value in variables.items()), *command, flush=True)
    return subprocess.run(command, cwd=ROOT, env=clean() | variables, check=False).returncode


def _prove(commands: Path) -> None:
    """Ends the run unless Python imports the installed wheel there, and not the work tree."""
    where = "import aiprov_otel; print(aiprov_otel.__file__)"
    module = subprocess.check_output([commands / "python", "-c", where], env=clean(), text=True)
    if not Path(module).is_relative_to(commands.parent):
        sys.exit(f"the tests would import {module.strip()}, not the wheel in {commands.parent}")


def _version(python: str) -> str:
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.check_output([python, "-c", asked], text=True).strip()
