from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.blame.hunks import Hunk, covers, cut, join, splice

OLD, OLDER, NEW = "a" * 40, "b" * 40, "c" * 40


def test_what_a_blame_stopped_at_gets_its_older_owners():
    """
    New lines keep their commit; the others have the owner, the line and the path of before.
    """
    before = {"was.py": [Hunk(OLDER, 1, 2, 11, "x.py"), Hunk(OLD, 3, 3, 3, "was.py")]}
    recent = [Hunk(OLD, 1, 3, 2, "was.py"), Hunk(NEW, 4, 1, 4, "is.py")]

    assert splice(recent, OLD, {NEW}, before.get) == [
        Hunk(OLDER, 1, 1, 12, "x.py"),
        Hunk(OLD, 2, 2, 3, "was.py"),
        Hunk(NEW, 4, 1, 4, "is.py"),
    ]


def test_what_is_not_known_is_not_guessed():
    """
    A line that ends at another commit, or in a file that is not known, has no answer.
    """
    hunk = Hunk(OLD, 1, 1, 1, "a.py")

    assert splice([hunk], OLD, set(), {}.get) is None
    assert splice([hunk], OLDER, set(), {"a.py": [hunk]}.get) is None
    assert splice([], OLD, set(), {}.get) == []


@st.composite
def files(draw):
    """The hunks of a file of some lines, each from anywhere."""
    hunks, first = [], 1
    for count in draw(st.lists(st.integers(1, 4), min_size=1, max_size=6)):
        commit = draw(st.sampled_from([OLD, OLDER]))
        hunks.append(Hunk(commit, first, count, draw(st.integers(1, 9)), "a.py"))
        first += count
    return hunks


def owners(hunks):
    """The place of each line."""
    return [
        (hunk.commit, hunk.path, hunk.original + n) for hunk in hunks for n in range(hunk.count)
    ]


@given(files(), st.data())
def test_a_part_is_those_lines_and_no_others(hunks, data):
    """
    Any stretch of a file has the owners that those lines have in the whole.
    """
    lines = owners(hunks)
    start = data.draw(st.integers(1, len(lines)))
    count = data.draw(st.integers(0, len(lines) - start + 1))

    found = list(cut(hunks, start, count, 7))

    assert owners(found) == lines[start - 1 : start - 1 + count]
    assert [hunk.first for hunk in found[:1]] == [7] * bool(count)


@given(files())
def test_joining_changes_no_line(hunks):
    """
    Hunks that are joined say the same of each line, and none could be joined further.
    """
    found = list(join(hunks))

    assert owners(found) == owners(hunks)
    assert covers(found, len(owners(hunks)))
    assert list(join(found)) == found
