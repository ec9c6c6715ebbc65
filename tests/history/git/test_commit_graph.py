from __future__ import annotations

import os
from pathlib import Path

import pytest

from aiprov_otel.history.build import build
from aiprov_otel.history.git import commit_graph
from aiprov_otel.history.git.repository import Git
from support.repo import Repo

COMMITS = 1_000


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A repository with as long a history as makes a graph worth its while."""
    repo = Repo(tmp_path_factory.mktemp("long") / 'with "quotes": and \\ öther')
    names = [f"m{number}.py" for number in range(40)]
    story = b""
    for number in range(COMMITS):
        path, text = names[number % 40], "".join(f"x{n} = {n}\n" for n in range(number % 7 + 1))
        story += (
            f"commit refs/heads/main\ncommitter A <a@x> {1700000000 + number} +0000\n"
            f"data 1\nx\nM 644 inline {path}\ndata {len(text)}\n{text}\n"
        ).encode()
    repo.git("fast-import", "--quiet", stdin=story)
    repo.git("reset", "--quiet", "--hard")
    return repo


def everything(folder):
    """Every file below *folder* with its content and the time it was written."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_the_repository_is_not_written_to(long, tmp_path):
    """
    Nothing below `.git` is added, removed or changed: by a build that writes a graph, by one that
    knows the last, by one for AI lines only.
    """
    before = everything(long.path / ".git")

    build(long.path, tmp_path / "m")
    build(long.path, tmp_path / "m")
    build(long.path, tmp_path / "m", only_ai=True)

    assert everything(long.path / ".git") == before


def test_git_answers_with_the_graph(long):
    """
    While it is there git knows it for its own, and its answers are the same.
    """
    git = Git.open(long.path)
    plain = git.blame("m1.py")
    with commit_graph.temporary_graph(git, git.head(), 40):
        folder = Path(git.variables["GIT_OBJECT_DIRECTORY"])
        assert (folder / "info" / "commit-graph").read_bytes()[:4] == b"CGPH"
        assert b"BIDX" in (folder / "info" / "commit-graph").read_bytes()
        git.run("commit-graph", "verify", "--no-progress")
        assert git.blame("m1.py") == plain
    assert not folder.exists()
    assert git.blame("m1.py") == plain


def test_few_files_and_short_histories_do_without(long, repo):
    """
    Where it would cost more than it saves it is not written.
    """
    repo.commit("a.py", "a = 1\n")
    for path, files in ((long.path, 39), (repo.path, 5_000)):
        git = Git.open(path)
        with commit_graph.temporary_graph(git, git.head(), files):
            assert git.variables == {}


def test_a_partial_clone_does_without(long, tmp_path):
    """
    In a partial clone, writing it could fetch every tree of the history.
    """
    source = f"file://{long.path}"
    long.git("config", "uploadpack.allowFilter", "true")
    long.git("clone", "--quiet", "--filter=blob:none", source, str(tmp_path / "clone"))
    git = Git.open(tmp_path / "clone")

    with commit_graph.temporary_graph(git, git.head(), 40):
        assert git.variables == {}


def test_a_git_that_can_not_write_one(long, tmp_path, monkeypatch):
    """
    With a git that does not know changed paths the build is the same.
    """
    real = os.environ["PATH"]
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text(
        f'#!/bin/sh\ncase "$*" in *--changed-paths*) exit 129;; esac\nPATH="{real}" exec git "$@"\n'
    )
    old.chmod(0o755)
    build(long.path, tmp_path / "new")
    (long.path / ".aiprov" / "blame.cache").unlink()
    monkeypatch.setenv("PATH", f"{old.parent}:{real}")

    build(long.path, tmp_path / "old")

    assert (tmp_path / "new").read_bytes() == (tmp_path / "old").read_bytes()
