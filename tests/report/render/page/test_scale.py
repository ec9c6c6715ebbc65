"""Places in a drawing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.report.render.page.scale import ratios, shares, times

POSITIVE = st.floats(1e-9, 1e9)


def test_ratios_are_seen_around_one():
    """Twice as many is as far from 1 as half as many; what lies beyond stands at the end."""
    scale = ratios([0.5, 2])

    assert scale.ticks == (0.5, 1, 2)
    assert [scale.at(value) for value in (0.01, 0.5, 1, 2, 99)] == [
        0,
        0,
        pytest.approx(50),
        100,
        100,
    ]


def test_a_wide_scale_marks_every_other_doubling():
    """There is room for the words."""
    assert ratios([1e-9, 1e9]).ticks == (1 / 64, 1 / 16, 1 / 4, 1, 4, 16, 64)


@pytest.mark.parametrize(
    ("largest", "ticks"),
    [
        (0.19, [0, 0.05, 0.1, 0.15, 0.2]),
        (0.007, [0, 0.0025, 0.005, 0.0075]),
        (0, [0, 0.0025, 0.005, 0.0075, 0.01]),
    ],
)
def test_shares_begin_at_nothing(largest, ticks):
    """Steps are round, and no higher than need be."""
    assert shares([0, largest]).ticks == pytest.approx(ticks)
    assert shares([largest]).low == 0


def test_times_go_by_powers_of_ten():
    """Between a tenth of a millisecond and a second, four steps."""
    assert times([0.3, 700]).ticks == pytest.approx((0.1, 1, 10, 100, 1000))
    assert times([1]).ticks == (1, 10)


@given(st.lists(POSITIVE, max_size=5), st.sampled_from([ratios, shares, times]))
def test_every_number_has_a_place(values, scale):
    """No number, and no lack of them, breaks a scale or leaves it."""
    found = scale(values)

    assert all(0 <= found.at(value) <= 100 for value in (*values, *found.ticks))
    assert 2 <= len(found.ticks) <= 20
