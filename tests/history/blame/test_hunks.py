from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.blame.hunks import (
    Hunk,
    Hunks,
    covers,
    is_uncommitted,
    parse,
    python_lines,
    widen,
)
from aiprov_otel.history.git.repository import Git

CONTENTS = {
    "ordinary": b"a = 1\nb = 2\n",
    "no newline at the end": b"a = 1\nb = 2",
    "empty": b"",
    "blank lines": b"\n\n\n",
    "lone carriage returns": b"a = 1\rb = 2\nc = 3\r\rd = 4\n",
    "carriage return at the end": b"a = 1\n\r",
    "windows": b"a = 1\r\nb = 2\r\n",
    "NUL": b"a = 1\n\0\0\nb = 2\n",
    "latin-1": b"# -*- coding: latin-1 -*-\nname = '\xe9\xff'\n",
    "looks like blame": b"0123456789012345678901234567890123456789 1 1 1\nfilename x\n",
    "form feeds and separators": b"a = 1\x0c\nb = '\x1c\x0b'\n\xc2\x85\xe2\x80\xa8\n",
}


def owners(hunks, content):
    """The commit of each line of *content*, as Python numbers them."""
    by_git = (hunk.commit for hunk in hunks for _ in range(hunk.count))
    return list(widen(by_git, python_lines(content)))


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_every_line_of_python_has_its_commit(repo, content):
    """
    However a file ends its lines, there is one answer for each line as Python counts them.
    """
    repo.git("config", "core.autocrlf", "false")
    commit = repo.commit("a.py", content, "filename a.py\n\nsummary boundary\n")

    hunks = parse(Git.open(repo.path).blame("a.py"))

    assert owners(hunks, content) == [commit] * len(content.splitlines())


def test_the_line_after_a_lone_carriage_return_is_not_shifted(repo):
    """
    Git counts `\\n` alone; the commits of the lines below a lone `\\r` are still the right ones.
    """
    first = repo.commit("a.py", b"a = 1\rb = 2\nc = 3\n")
    second = repo.commit("a.py", b"a = 1\rb = 2\nc = 4\n")

    hunks = parse(Git.open(repo.path).blame("a.py"))

    assert owners(hunks, b"a = 1\rb = 2\nc = 4\n") == [first, first, second]


def test_lines_that_are_not_committed_have_no_commit(repo):
    """
    Lines of the work tree alone differ from what is committed.
    """
    commit = repo.commit("a.py", "a = 1\n")
    repo.write("a.py", "a = 1\nb = 2\n")

    first, second = owners(parse(Git.open(repo.path).blame("a.py")), b"a = 1\nb = 2\n")

    assert first == commit
    assert is_uncommitted(second)


@pytest.mark.parametrize("name", ["old.py", "a b.py", 'q"uo\\te.py', "t\tab.py", "\u00e9\u4e16.py"])
def test_a_line_is_where_it_was_when_it_was_written(repo, name):
    """
    A hunk names the file and the lines that it had in its commit, whatever came after.
    """
    first = repo.commit(name, "a = 1\nb = 2\nc = 3\n")
    repo.git("mv", name, "new.py")
    second = repo.commit("new.py", "z = 0\na = 1\nb = 2\nc = 3\n")

    assert parse(Git.open(repo.path).blame("new.py")) == [
        Hunk(second, 1, 1, 1, "new.py"),
        Hunk(first, 2, 3, 1, name),
    ]


def test_lines_that_git_does_not_see_have_no_answer():
    """
    Where git blamed another number of lines than there are, nothing is guessed.
    """
    assert covers([Hunk("a" * 40, 1, 1, 1, "a.py")], 1)
    assert not covers([Hunk("a" * 40, 1, 2, 1, "a.py")], 1)
    assert not covers([Hunk("a" * 40, 2, 1, 1, "a.py")], 1)


@given(st.binary())
def test_parsing_any_output_never_raises(output):
    """
    The parser never raises, whatever it is given.
    """
    parse(output)


@given(st.binary())
def test_any_content_can_be_given_owners(content):
    """
    Each content has as many owners as Python sees lines.
    """
    lines = content.count(b"\n") + (not content.endswith(b"\n") and bool(content))
    commit = "b" * 40

    found = owners([Hunk(commit, 1, lines, 1, "a.py")] if lines else [], content)

    assert found == [commit] * len(content.splitlines())


def test_hunks_in_columns():
    """
    In columns they are read as they were: one, some, or all of them.
    """
    hunks = [Hunk("a" * 40, 1, 2, 7, "a.py"), Hunk("b" * 40, 3, 70_000, 300, "b.py")]
    columns = Hunks.of(hunks)

    assert columns == list(columns) == hunks
    assert (columns[-1], columns[:1], len(columns)) == (hunks[-1], hunks[:1], 2)
    assert columns.places == {("a" * 40, "a.py"), ("b" * 40, "b.py")}
    assert Hunks.of(columns) is columns
    assert not Hunks.of([])
