from __future__ import annotations

import pytest

from support.desk import Desk


@pytest.fixture
def desk(tmp_path, capsys):
    """A repository with one commit, in which Claude Code and Codex are recorded."""
    desk = Desk(tmp_path / "desk")
    desk.write("shop.py", "import os\n\n\ndef total(items):\n    return sum(items)\n")
    desk.commits("Begin")
    capsys.readouterr()
    yield desk
    assert desk.trouble() == ""


@pytest.fixture
def fresh(tmp_path):
    """A repository with one commit, in which nothing is recorded."""
    fresh = Desk(tmp_path / "fresh", enable=False)
    fresh.commit("shop.py", "x = 1\n")
    return fresh
