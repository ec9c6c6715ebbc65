from __future__ import annotations

import pytest

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git.repository import Git
from support.repo import Repo


def test_any_folder_of_a_repository_leads_to_its_root(repo):
    """
    Called from a subdirectory, the answer is about the whole repository.
    """
    repo.commit("shop/cart.py", "x = 1\n")

    assert Git.open(repo.path / "shop").root == repo.path


def test_no_repository(tmp_path):
    """
    Outside of a repository the message says so, and where to go.
    """
    with pytest.raises(HistoryError, match="not in a git repository; run in one"):
        Git.open(tmp_path)


def test_no_folder(tmp_path):
    """
    A folder that does not exist is not mistaken for a missing git.
    """
    with pytest.raises(HistoryError, match="is not a folder"):
        Git.open(tmp_path / "nowhere")


def test_a_repository_without_a_commit(repo):
    """
    An empty repository and a broken one have different errors.
    """
    with pytest.raises(HistoryError, match="has no commit yet"):
        Git.open(repo.path)


def test_a_bare_repository(tmp_path):
    """
    A bare repository has no files to blame, and the message says what to do.
    """
    Repo(tmp_path / "bare.git", "--bare")

    with pytest.raises(HistoryError, match="has no work tree"):
        Git.open(tmp_path / "bare.git")


def test_inside_the_git_folder(repo):
    """
    So does the folder .git.
    """
    repo.commit("a.py", "x = 1\n")

    with pytest.raises(HistoryError, match="has no work tree"):
        Git.open(repo.path / ".git")


def test_git_is_missing(repo, monkeypatch):
    """
    Without git the message says to install it.
    """
    repo.commit("a.py", "x = 1\n")
    monkeypatch.setenv("PATH", str(repo.path))

    with pytest.raises(HistoryError, match="git was not found; install it"):
        Git.open(repo.path)


def test_a_linked_work_tree(repo, tmp_path):
    """
    A linked work tree is a work tree like any other.
    """
    repo.commit("a.py", "x = 1\n")
    repo.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))

    git = Git.open(tmp_path / "linked")

    assert git.root == tmp_path / "linked"
    assert b"\na.py" not in git.blame("a.py")
