"""Limits of a ratio."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.report.statistics.rates import wilson


@pytest.mark.parametrize(
    ("errors", "calls", "expected"),
    [
        (0, 10, (0.0, 0.27753)),
        (1, 10, (0.01788, 0.40415)),
        (5, 10, (0.23659, 0.76341)),
        (10, 10, (0.72247, 1.0)),
        (200, 10_000, (0.01744, 0.02293)),
    ],
)
def test_the_limits_are_wilsons(errors, calls, expected):
    """The limits are those of published tables."""
    assert wilson(errors, calls) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(("errors", "calls"), [(0, 0), (3, 0), (4, 3)])
def test_without_a_ratio_there_are_no_limits(errors, calls):
    """No calls, or more errors than calls, make no ratio."""
    assert wilson(errors, calls) is None


@given(st.integers(1, 10**6), st.data())
def test_the_limits_hold_the_ratio(calls, data):
    """The ratio lies between its limits, and they between 0 and 1."""
    errors = data.draw(st.integers(0, calls))

    low, high = wilson(errors, calls)

    assert 0 <= low <= errors / calls + 1e-12
    assert errors / calls - 1e-12 <= high <= 1


def test_no_errors_have_no_lower_limit_above_zero():
    """Nor do failures alone have an upper limit below one, by what rounding leaves."""
    for calls in range(1, 2_000):
        nothing, everything = wilson(0, calls / 7), wilson(calls / 7, calls / 7)

        assert nothing is not None
        assert everything is not None
        assert (nothing[0], everything[1]) == (0.0, 1.0)
