"""
Runs the tests that are marked `attack`, which take minutes, on the wheel.

    python scripts/attack.py [PYTEST_ARGUMENT...]
"""

from __future__ import annotations

import sys

from environment import environment
from wheel import IN_PARALLEL, call, install_wheel

if __name__ == "__main__":
    commands = environment("test", sys.executable, "--group", "test", ".[demo]")
    install_wheel([commands])
    sys.exit(call(commands / "pytest", *IN_PARALLEL, "-m", "attack", "tests", *sys.argv[1:]))
