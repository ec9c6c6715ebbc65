from __future__ import annotations

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
