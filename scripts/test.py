"""
Builds the wheel and tests it, as installed, on the newest Python of this machine.

    python scripts/test.py [--coverage] [PYTEST_ARGUMENT...]

With --coverage, it also reports which lines and branches were executed, and fails below a limit.
Every process of the tests takes a quarter of a second longer then, which is a third of the time.
"""

from __future__ import annotations

import sys

from environment import environment
from wheel import IN_PARALLEL, call, install_wheel

# `make check` runs the first; the others and the marker `matrix` belong to `make test-matrix`, the
# marker `attack` to `make attack`.
ELSEWHERE = (
    "--ignore=tests/docs",
    "--ignore=tests/bare",
    "--ignore=tests/frameworks",
    "--ignore=tests/packaging",
    "-m",
    "not matrix and not attack",
)


def main(arguments: list[str]) -> int:
    """Runs the suite."""
    commands = environment("test", sys.executable, "--group", "test", ".[demo]")
    install_wheel([commands])
    if arguments[:1] != ["--coverage"]:
        return call(commands / "pytest", *IN_PARALLEL, *ELSEWHERE, *arguments)
    suite = ("-m", "pytest", *IN_PARALLEL, *ELSEWHERE, *arguments[1:])
    return (
        call(commands / "coverage", "run", *suite)
        or call(commands / "coverage", "combine", "--quiet")
        or call(commands / "coverage", "report")
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
