from __future__ import annotations

import pytest

from aiprov_otel.errors import HistoryError, UsageError
from aiprov_otel.history.build import build
from aiprov_otel.manifest import Manifest


@pytest.fixture
def bare(repo, tmp_path):
    """A bare clone of a repository with a script of Windows."""
    repo.commit("shop.pyw", "a = 1\n")
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    return tmp_path / "bare.git"


def test_a_bare_repository_is_built_for_a_revision(bare, tmp_path):
    """
    A commit needs no work tree; a `.pyw` is a Python file.
    """
    build(bare, tmp_path / "m", revision="HEAD")

    assert [entry.path for entry in Manifest.load(tmp_path / "m").entries] == ["shop.pyw"]


def test_what_a_bare_repository_lacks(bare):
    """
    Without a revision there is nothing to build, and without a name no place to write to.
    """
    with pytest.raises(HistoryError, match=r"has no work tree \(a bare repository.*\); run in"):
        build(bare)
    with pytest.raises(UsageError, match="has no work tree to write to; name the manifest"):
        build(bare, revision="HEAD")
