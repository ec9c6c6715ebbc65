"""
Build the wheel once; test it, as installed, with every interpreter of the project on this machine.

    python scripts/test.py [PYTEST_ARGUMENT...]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from environment import HOME, ROOT, clean, environment, install, run

VERSIONS = ("3.13", "3.12", "3.11")
TEST = ("--group", "test")
NOT_HERE = (
    "--ignore=tests/docs",
    "--ignore=tests/bare",
    "--ignore=tests/frameworks",
)  # `make check` runs the first; the others have environments of their own


def main(arguments: list[str]) -> int:
    """Run the whole suite with each interpreter, then what must work with less."""
    pythons = interpreters()
    environments = {
        version: environment(f"test-{version}", python, *TEST, ".[demo]")
        for version, python in pythons.items()
    }
    newest, lowest = next(iter(pythons)), next(reversed(pythons))
    bare = environment("bare", pythons[newest], *TEST, ".")
    oldest = environment("oldest", pythons[lowest], *TEST, "--group", "oldest", ".[demo]")
    frameworks = environment(
        "frameworks", pythons[newest], *TEST, "--group", "frameworks", ".[demo]"
    )
    wheel = build(environments[newest])
    for commands in (*environments.values(), bare, oldest, frameworks):
        install(commands, str(wheel))
        prove(commands)
    results = {
        f"Python {version}": pytest(commands, *NOT_HERE, *arguments, measured=version == newest)
        for version, commands in environments.items()
    }
    results[f"Python {newest}, no short ways through the SDK"] = pytest(
        environments[newest], "tests/runtime", AIPROV_FAST="false"
    )
    results[f"Python {newest}, no extras"] = pytest(bare, "tests/bare")
    results[f"Python {lowest}, oldest OpenTelemetry"] = pytest(oldest, "tests/runtime")
    results[f"Python {newest}, frameworks"] = pytest(frameworks, "tests/frameworks")
    return summary(results)


def interpreters() -> dict[str, str]:
    """The interpreters that were found, newest first; says which."""
    found = subprocess.check_output(["sh", "scripts/pythons"], cwd=ROOT, text=True).split("\n")
    pythons = {_version(python): python for python in found if python}
    for version in VERSIONS:
        print(f"Python {version}: {pythons.get(version, 'not found, not tested')}", flush=True)
    return pythons


def build(commands: Path) -> Path:
    """The wheel of this tree."""
    folder = HOME / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    run(str(commands / "pip"), "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), ".")
    (wheel,) = folder.glob("*.whl")
    return wheel


def prove(commands: Path) -> None:
    """See that Python imports the installed wheel there, and nothing else of that name."""
    where = "import aiprov_otel; print(aiprov_otel.__file__)"
    told = subprocess.check_output([commands / "python", "-c", where], env=clean(), text=True)
    if not Path(told).is_relative_to(commands.parent):
        sys.exit(f"the tests would import {told.strip()}, not the wheel in {commands.parent}")


def pytest(
    commands: Path, *arguments: str, measured: bool = False, **variables: str
) -> tuple[int, float]:
    """Exit status and seconds of one run with *variables*; if *measured*, its coverage counts."""
    started = time.monotonic()
    tool = [commands / "coverage", "run", "-m", "pytest"] if measured else [commands / "pytest"]
    status = _call(*tool, *arguments, **variables)
    if measured and not status and not sys.argv[1:]:
        _call(commands / "coverage", "combine", "--quiet")
        status = _call(commands / "coverage", "report")
    return status, time.monotonic() - started


def summary(results: dict[str, tuple[int, float]]) -> int:
    """Say how each run ended; the exit status of the whole."""
    for name, (status, seconds) in results.items():
        print(f"{name}: {'failed' if status else 'passed'} in {seconds:.0f} s")
    return max(status for status, _ in results.values())


def _call(*command: Path | str, **variables: str) -> int:
    print("$", *(f"{key}={value}" for key, value in variables.items()), *command, flush=True)
    return subprocess.run(command, cwd=ROOT, env=clean() | variables, check=False).returncode


def _version(python: str) -> str:
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.check_output([python, "-c", asked], text=True).strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
