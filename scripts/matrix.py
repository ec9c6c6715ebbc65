"""
Tests the wheel where `make test` does not: on the other Pythons, with the oldest OpenTelemetry,
without the extras, without the fast path, with each framework, and under other people's tests.
Then it counts what five hot paths cost.

    python scripts/matrix.py
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from environment import environment
from wheel import IN_PARALLEL, call, install_wheel, interpreters

RUNTIME = "tests/runtime"
EVERY_PYTHON = (
    *(RUNTIME, "tests/manifest", "tests/stacktrace", "tests/packaging"),
    *("-m", "not attack"),
)
ONCE = ("-m", "not matrix and not attack")
LONG = ("--ignore=tests/docs", "--ignore=tests/bare", "--ignore=tests/frameworks", "-m", "matrix")


class Cell(NamedTuple):
    """One run of pytest in one environment."""

    title: str
    environment: str
    arguments: tuple[str, ...]
    fast: str = "true"


def main() -> int:
    """Makes the environments, runs every cell, and prints how each ended."""
    pythons = interpreters()
    environments = made(pythons)
    install_wheel(environments.values())
    results = [(cell.title, *timed(cell, environments)) for cell in cells(pythons)]
    results.append(("hot paths", *counted(environments["test"])))
    for title, status, seconds in results:
        print(f"{title}: {'failed' if status else 'passed'} in {seconds:.0f} s")
    return max(status for _, status, _ in results)


def made(pythons: dict[str, str]) -> dict[str, Path]:
    """Returns the environments by name; two at a time, as pip waits as long as it computes."""
    newest, lowest = next(iter(pythons.values())), next(reversed(pythons.values()))
    core = ("--group", "core")
    wanted = {
        "test": (newest, "--group", "test", ".[demo]"),
        "bare": (newest, *core, "."),
        "frameworks": (newest, *core, "--group", "frameworks", ".[demo]"),
        "oldest": (lowest, *core, "--group", "oldest", ".[demo]"),
    }
    for version, python in list(pythons.items())[1:]:
        wanted[version] = (python, *core, ".[demo]")
    with ThreadPoolExecutor(2) as pool:
        commands = pool.map(lambda item: environment(item[0], *item[1]), wanted.items())
        return dict(zip(wanted, commands, strict=True))


def cells(pythons: dict[str, str]) -> list[Cell]:
    """Returns what is run; what is marked `matrix` runs once on each Python."""
    newest, *others = pythons
    return [
        *(Cell(f"Python {version}", version, EVERY_PYTHON) for version in others),
        Cell(f"Python {newest}, long tests", "test", LONG),
        Cell(f"Python {newest}, packaging", "test", ("tests/packaging",)),
        Cell("no fast path", "test", (RUNTIME, *ONCE), fast="false"),
        Cell("oldest OpenTelemetry", "oldest", (RUNTIME, *ONCE)),
        Cell("no extras", "bare", ("tests/bare",)),
        Cell("frameworks", "frameworks", ("tests/frameworks",)),
    ]


def timed(cell: Cell, environments: dict[str, Path]) -> tuple[int, float]:
    """Runs *cell*; returns its exit status and seconds."""
    started = time.monotonic()
    tool = environments[cell.environment] / "pytest"
    status = call(tool, *IN_PARALLEL, *cell.arguments, AIPROV_FAST=cell.fast)
    return status, time.monotonic() - started


def counted(commands: Path) -> tuple[int, float]:
    """Counts the instructions of five hot paths; a busy machine does not change them."""
    started = time.monotonic()
    status = call(commands / "python", "benchmarks/hot_paths.py")
    return status, time.monotonic() - started


if __name__ == "__main__":
    sys.exit(main())
