"""
Runs the tests that are marked `attack`, which take minutes, on the wheel.

    [ATTACK_MINUTES=10] python scripts/attack.py [PYTEST_ARGUMENT...]

The minutes are those of the almost valid inputs to parsers and to the receiver, all together.
"""

from __future__ import annotations

import sys

from environment import environment
from wheel import IN_PARALLEL, call, install_wheel

_SHOWN = ("-rP",)  # what passed too: how many inputs there were

if __name__ == "__main__":
    commands = environment("test", sys.executable, "--group", "test", ".[demo]")
    install_wheel([commands])
    pytest = (commands / "pytest", *IN_PARALLEL, *_SHOWN, "-m", "attack", "tests")
    sys.exit(call(*pytest, *sys.argv[1:]))
