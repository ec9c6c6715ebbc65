from __future__ import annotations

import pytest

from aiprov_otel.history.build import build


def test_a_date_that_was_set_by_hand(repo):
    """
    A commit dated 1970 on top of newer ones does not predate AI, nor does the next one like it.
    """
    repo.commit("a.py", "a = 1\n", when="2015-01-01T10:00:00Z")
    repo.commit("b.py", "b = 1\n", when="2026-01-01T10:00:00Z")
    repo.commit("c.py", "c = 1\n", when="1970-01-02T10:00:00Z")
    repo.commit("d.py", "d = 1\n", when="1970-01-02T10:00:00Z")

    assert build(repo.path).evidence == {"predates-ai": 1, "unmarked": 3}


def test_an_import_from_before_git(repo):
    """
    A history that is older than git keeps its dates, and so does one with wrong clocks.
    """
    repo.commit("a.py", "a = 1\n", when="1998-07-01T10:00:00Z")
    repo.commit("b.py", "b = 1\n", when="1999-06-01T10:00:00Z")
    repo.commit("c.py", "c = 1\n", when="2026-01-01T10:00:00Z")
    repo.commit("d.py", "d = 1\n", when="2012-01-01T10:00:00Z")

    assert build(repo.path).evidence == {"predates-ai": 3, "unmarked": 1}


@pytest.mark.parametrize(
    "date", ["-1 +0000", "99999999999 +0000", "99999999999999999999 +0000", "1\x0b +0000", "", "x"]
)
def test_a_date_that_is_none(repo, date):
    """
    Whatever a commit holds as its date, it and those on top of it are read.
    """
    repo.commit("a.py", "a = 1\n")
    tree = repo.git("rev-parse", "HEAD^{tree}").strip()
    head = repo.git("rev-parse", "HEAD").strip()
    raw = f"tree {tree}\nparent {head}\nauthor A <a@x> {date}\ncommitter A <a@x> {date}\n\nOdd\n"
    words = ("hash-object", "-t", "commit", "-w", "--literally", "--stdin")
    odd = repo.git(*words, stdin=raw.encode()).strip()
    repo.git("update-ref", "HEAD", odd)
    repo.commit("b.py", "b = 1\n", when="1970-01-02T10:00:00Z")

    assert sum(build(repo.path).evidence.values()) == 2
