"""Lines of two states of a file are matched where that is certain, and only there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.capture import lines

BLANK = b""
TEXTS = st.lists(st.sampled_from([b"", b"a", b"b", b"c", b"d", b"}"]), max_size=12)


@given(TEXTS, TEXTS)
def test_matches_are_equal_and_in_order(old, new):
    """
    A line is matched with an equal one, each with another, in the order of both.
    """
    places = lines.align(old, new)
    matched = [(place, line) for line, place in enumerate(places) if place >= 0]

    assert all(old[place] == new[line] for place, line in matched)
    assert [place for place, _ in matched] == sorted({place for place, _ in matched})


@given(st.integers(0, 1999), st.integers(0, 3))
def test_a_change_in_a_long_file(place, number):
    """
    Wherever a line of thousands is replaced, all others are matched.
    """
    old = [str(line).encode() for line in range(2000)]
    new = [*old[:place], *[b"new"] * number, *old[place + 1 :]]
    after = range(place + 1, 2000)

    assert lines.align(old, new) == [*range(place), *[-1] * number, *after]
    assert [*lines.runs([place < 0 for place in lines.align(old, new)])] == (
        [(place, place + number)] if number else []
    )


@given(TEXTS, TEXTS, TEXTS)
def test_an_insertion_is_found(before, inserted, after):
    """
    Of lines that were put in between, none that was there is called new; its twin may be.
    """
    old, new = before + after, before + inserted + after
    added = lines.added(old, new, lines.align(old, new), BLANK)

    texts = [new[line] for line in added]
    assert all(text in inserted for text in texts)
    assert len(texts) <= len(inserted)
    if not set(inserted) & set(old):
        assert len(texts) == len(inserted)


def test_a_twin_at_the_edge_is_nobody_s():
    """
    Of two equal neighbors of which one is new, neither is called new; a blank line may be.
    """
    old = [b"def f():", b"    return 1"]
    new = [b"def f():", b"    return 1", b"    return 1"]
    assert lines.added(old, new, lines.align(old, new), BLANK) == set()

    old, new = [b"a", b"", b"b"], [b"a", b"", b"c", b"", b"b"]
    assert {new[line] for line in lines.added(old, new, lines.align(old, new), BLANK)} == {
        b"c",
        b"",
    }


def test_a_moved_line_is_not_new():
    """
    A line that was elsewhere before is not called new.
    """
    old = [b"import os", b"x", b"y", b"z"]
    new = [b"x", b"y", b"import os", b"w", b"z"]
    assert {new[line] for line in lines.added(old, new, lines.align(old, new), BLANK)} == {b"w"}


def test_hashes_are_salted():
    """
    Equal lines have equal hashes with one salt, and others with another; no text is in them.
    """
    one = lines.Hasher(b"salt" * 8).hash([b"secret = 1", b"x", b"secret = 1"])
    two = lines.Hasher(b"tlas" * 8).hash([b"secret = 1"])

    assert one[0] == one[2] != one[1]
    assert two[0] not in one
    assert lines.split(b"a\r\nb\n\nc") == [b"a", b"b", b"", b"c"]
