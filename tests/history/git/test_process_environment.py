from __future__ import annotations

from aiprov_otel.history.git.process import clean_environment
from aiprov_otel.history.git.repository import Git
from support.repo import Repo


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

    kept = clean_environment(inherited)

    assert "GIT_DIR" not in kept
    assert kept["GIT_CONFIG_KEY_0"] == "a.b"
    assert (kept["LC_ALL"], kept["GIT_OPTIONAL_LOCKS"]) == ("C", "0")


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
