from __future__ import annotations

import pytest

from support.repo import Repo


@pytest.fixture
def repo(tmp_path):
    """An empty repository."""
    return Repo(tmp_path / "repo")
