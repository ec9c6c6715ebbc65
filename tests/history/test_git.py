from __future__ import annotations

import os
import threading

import pytest

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git import Git, environment
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
    An empty repository is told from a broken one.
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


def test_a_hook_does_not_lead_astray(repo, tmp_path, monkeypatch):
    """
    GIT_DIR and GIT_INDEX_FILE, which a hook inherits, do not make another repository answer.
    """
    expected = repo.commit("a.py", "x = 1\n")
    other = Repo(tmp_path / "other")
    other.commit("b.py", "y = 1\n", "Another")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git" / "index"))

    git = Git.open(repo.path)

    assert (git.root, git.head()) == (repo.path, expected)
    assert b"a.py" in git.index()


def test_the_environment_keeps_how_and_drops_what():
    """
    Configuration that arrives by environment is kept; what points at a repository is not.
    """
    inherited = {"PATH": "/bin", "GIT_DIR": "x", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b"}

    kept = environment(inherited)

    assert "GIT_DIR" not in kept
    assert kept["GIT_CONFIG_KEY_0"] == "a.b"
    assert (kept["LC_ALL"], kept["GIT_OPTIONAL_LOCKS"]) == ("C", "0")


def test_a_linked_work_tree(repo, tmp_path):
    """
    A linked work tree is a work tree like any other.
    """
    repo.commit("a.py", "x = 1\n")
    repo.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))

    git = Git.open(tmp_path / "linked")

    assert git.root == tmp_path / "linked"
    assert b"\na.py" not in git.blame("a.py")


def test_the_user_s_configuration_does_not_change_an_answer(repo, monkeypatch):
    """
    A `blame.ignoreRevsFile` or an external diff of the user leaves the blame as it is.
    """
    repo.commit("a.py", "x = 1\n")
    second = repo.commit("a.py", "x = 2\n")
    repo.write("ignored", second + "\n")
    plain = Git.open(repo.path).blame("a.py")
    repo.git("config", "blame.ignoreRevsFile", "ignored")
    repo.git("config", "diff.external", "false")
    repo.git("config", "core.pager", "false")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")

    assert Git.open(repo.path).blame("a.py") == plain


def test_a_configuration_that_git_itself_refuses(repo):
    """
    Where git's configuration names a file that is not there, git can't blame, and that is said.
    """
    repo.commit("a.py", "x = 1\n")
    repo.git("config", "blame.ignoreRevsFile", "nowhere")

    with pytest.raises(
        HistoryError, match=r"refuses blame\.ignoreRevsFile .*nowhere; mend or unset"
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


def test_stopping_kills_what_runs(repo):
    """
    After `stop`, a git that was waiting is gone, and none is started any more.
    """
    repo.commit("a.py", "x = 1\n")
    git = Git.open(repo.path)
    answers = []

    # An alias that sleeps is a git that would still be there long after.
    repo.git("config", "alias.nap", "!sleep 60")
    thread = threading.Thread(target=lambda: answers.append(_outcome(git)))
    thread.start()
    while not git._live:
        pass
    git.stop()
    thread.join(10)

    assert not thread.is_alive()
    assert "failed" in answers[0]
    with pytest.raises(HistoryError, match="interrupted"):
        git.head()


def _outcome(git):
    try:
        git.run("nap")
    except HistoryError as error:
        return str(error)
    return "done"
