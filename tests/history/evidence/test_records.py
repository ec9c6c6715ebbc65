from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.records import MarkedRange, make_record, overlapping
from aiprov_otel.values import Evidence

numbers = st.integers(-2, 40)
ranges = st.lists(st.tuples(numbers, numbers), max_size=12)


def said(text):
    """A mark with this *text*."""
    return Mark("test", Evidence.NOTE, None, None, None, "here", text)


def made(pairs):
    """The record of one path that these *pairs* of lines make, in order."""
    stretches = (("a.py", MarkedRange(a, b, said(str(n)))) for n, (a, b) in enumerate(pairs))
    return make_record(stretches).get("a.py", ())


@given(ranges)
def test_the_last_one_counts(pairs):
    """
    Of ranges that overlap, whatever their order, the one that was written last has the line.
    """
    painted = {}
    for number, (first, last) in enumerate(pairs):
        if first >= 1:
            painted |= dict.fromkeys(range(first, last + 1), str(number))

    found = {n: one.mark.text for one in made(pairs) for n in range(one.first, one.last + 1)}

    assert found == painted


@given(ranges, st.integers(1, 40), st.integers(0, 10))
def test_only_what_is_about_the_lines_is_found(pairs, first, more):
    """
    Asked for some lines, a record gives each stretch about one of them, and no other.
    """
    stretches = made(pairs)
    last = first + more

    found = overlapping(stretches, first, last)

    assert list(found) == [one for one in stretches if one.last >= first and one.first <= last]


def test_a_range_of_a_billion_lines_is_one_stretch():
    """
    What a record claims costs no more than what it holds.
    """
    assert len(made([(1, 999_999_999), (5, 5)])) == 3
