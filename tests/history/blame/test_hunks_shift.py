from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiprov_otel.history.blame.hunks import Hunk, parse_unchanged, shift

WHOLE = Hunk("a" * 40, 1, 9, 101, "a.py")


def followed(tmp_path, old, new):
    """The lines of *new* that are lines of *old*, by what git says differs."""
    for name, lines in (("old", old), ("new", new)):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines))
    command = ["git", "diff", "--no-index", "--unified=0", "old", "new"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True).stdout
    hunks = shift([Hunk("a" * 40, 1, len(old), 101, "a.py")], parse_unchanged(found))
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


@given(st.binary())
def test_any_difference_can_be_read(difference):
    """
    Reading never fails, and what is the same never overlaps.
    """
    list(shift([WHOLE], parse_unchanged(difference)))
