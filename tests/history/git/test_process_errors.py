from __future__ import annotations

import os

import pytest

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git.repository import Git


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_repository_of_somebody_else(repo):
    """
    Where git refuses a repository of another owner, its own reason and advice are shown.
    """
    repo.commit("a.py", "x = 1\n")
    for path in (repo.path, repo.path / ".git"):
        os.chown(path, 12345, 12345)

    with pytest.raises(HistoryError, match=r"dubious ownership.*safe\.directory") as caught:
        Git.open(repo.path)

    assert "\n" not in str(caught.value)


def test_a_configuration_that_git_itself_refuses(repo):
    """
    Where git's configuration names a file that is not there, git can't blame, and that is said.
    """
    repo.commit("a.py", "x = 1\n")
    repo.git("config", "blame.ignoreRevsFile", "nowhere")

    with pytest.raises(
        HistoryError, match=r"can't use blame\.ignoreRevsFile .*nowhere; fix or unset"
    ):
        Git.open(repo.path).blame("a.py")


def test_a_failure_is_one_line_with_git_s_reason(repo):
    """
    What git complains about reaches the user, without its decoration.
    """
    repo.commit("a.py", "x = 1\n")

    with pytest.raises(HistoryError, match=r"git blame failed in .*: no such path") as caught:
        Git.open(repo.path).blame("b.py")

    assert "fatal" not in str(caught.value)
