from __future__ import annotations

import pytest

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.build import build
from aiprov_otel.history.check import compare
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.manifest import Manifest
from support.notes import attested, note


@pytest.fixture
def built(repo):
    """A repository with two files and its manifest."""
    repo.commit("a.py", "a = 1\n")
    repo.commit("b.py", "b = 1\n")
    build(repo.path)
    return repo


def compared(repo):
    """What has changed in *repo* since its manifest was built."""
    manifest = Manifest.load(repo.path / "aiprov.manifest")
    return compare(Git.open(repo.path), Policy.load(repo.path), manifest)


def test_nothing_has_changed(built):
    """
    A manifest that was just built matches.
    """
    assert compared(built).matches


def test_files_have_changed(built):
    """
    Changed, missing and new files are listed apart.
    """
    built.write("a.py", "a = 2\n")
    (built.path / "b.py").unlink()
    built.write("c.py", "c = 1\n")
    built.git("add", "c.py")

    found = compared(built)

    assert (found.changed, found.missing, found.new) == (("a.py",), ("b.py",), ("c.py",))
    assert not found.matches


def test_line_endings_are_no_change(built):
    """
    A checkout with other line endings is the same code.
    """
    built.write("a.py", "a = 1\r\n")

    assert compared(built).changed == ()


def test_another_commit_is_checked_out(built):
    """
    The manifest of another commit does not match, even where no file differs.
    """
    built.git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--allow-empty", "-qmx")

    assert not compared(built).matches


def test_the_policy_has_changed(built):
    """
    Another policy would decide otherwise.
    """
    built.write("pyproject.toml", '[tool.aiprov]\nunmarked = "human"\n')

    assert compared(built).policy == ("unmarked",)
    assert not compared(built).matches


def test_records_have_come(built):
    """
    Notes that were fetched after the build may change origins: the manifest does not match.
    """
    note(built, built.git("rev-parse", "HEAD"), attested("b.py", "1"))

    assert compared(built).records == ("refs/notes/ai",)
    assert not compared(built).matches
    build(built.path)
    assert compared(built).matches


def test_a_file_that_can_not_be_read(built):
    """
    It is neither missing nor changed: nothing can be said, and one line says why.
    """
    (built.path / "b.py").unlink()
    (built.path / "b.py").mkdir()

    with pytest.raises(HistoryError, match=r"b\.py can't be read: Is a directory; fix that"):
        compared(built)
