"""The README is run: its Python, and its console sessions in the demo's shop."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The fenced blocks of *language*, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_python_blocks_run_in_order(tmp_path):
    """
    A reader who pastes the Python of the README into one file has a program that runs.
    """
    program = tmp_path / "readme.py"
    program.write_text("\n".join(blocks("python")))

    done = subprocess.run([sys.executable, program], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
