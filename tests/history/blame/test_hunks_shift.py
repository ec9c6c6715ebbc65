from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiprov_otel.history.blame.hunks import Hunk, find_unchanged, shift
from aiprov_otel.history.git.patch import parse_hunks

WHOLE = Hunk("a" * 40, 1, 9, 101, "a.py")


def followed(tmp_path, old, new):
    """The lines of *new* that are lines of *old*, by what git says differs."""
    for name, lines in (("old", old), ("new", new)):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines))
    command = ["git", "diff", "--no-index", "--unified=0", "old", "new"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True).stdout
    unchanged = find_unchanged(parse_hunks(found))
    hunks = shift([Hunk("a" * 40, 1, len(old), 101, "a.py")], unchanged)
    return {hunk.first + n: hunk.original - 100 + n for hunk in hunks for n in range(hunk.count)}


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("abc", "abc", {1: 1, 2: 2, 3: 3}),
        ("abc", "xabc", {2: 1, 3: 2, 4: 3}),
        ("abc", "axbc", {1: 1, 3: 2, 4: 3}),
        ("abc", "abcx", {1: 1, 2: 2, 3: 3}),
        ("abc", "ac", {1: 1, 2: 3}),
        ("abc", "bc", {1: 2, 2: 3}),
        ("abc", "axc", {1: 1, 3: 3}),
        ("abc", "xyz", {}),
        ("abc", "", {}),
    ],
)
def test_lines_that_stay_are_followed(tmp_path, old, new, lines):
    """
    Whatever was added, removed or changed around it, a line that stays is found again.
    """
    assert followed(tmp_path, old, new) == lines


@settings(max_examples=25)
@given(st.lists(st.sampled_from("abcd"), max_size=9), st.lists(st.sampled_from("abcd"), max_size=9))
def test_only_equal_lines_are_followed(tmp_path_factory, old, new):
    """
    A line is never taken for one that reads otherwise.
    """
    lines = followed(tmp_path_factory.mktemp("diff"), old, new)

    assert all(new[after - 1] == old[before - 1] for after, before in lines.items())


HEADER = st.tuples(*[st.integers(0, 10**9)] * 4).map(lambda four: b"@@ -%d,%d +%d,%d @@\n" % four)


@given(st.binary() | st.lists(HEADER).map(b"".join))
def test_reading_any_difference_never_raises(difference):
    """
    Whatever git prints, following lines through it never raises.
    """
    list(shift([WHOLE], find_unchanged(parse_hunks(difference))))


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9), st.integers(0, 9))))
def test_what_is_the_same_never_overlaps(changes):
    """
    Of both files each line stays once, or not at all, and in order, however many changes there are.
    """
    old = new = 1
    difference, stay = "", []
    for same, gone, come in changes:
        stay.append((old, new, same))
        old, new = old + same, new + same
        # Of a side that has no line of the change, git names the line before it.
        difference += f"@@ -{old - (not gone)},{gone} +{new - (not come)},{come} @@\n"
        old, new = old + gone, new + come

    *found, rest = find_unchanged(parse_hunks(difference.encode()))

    assert [(one.old, one.new, one.count) for one in found] == stay
    assert (rest.old, rest.new) == (old, new)
