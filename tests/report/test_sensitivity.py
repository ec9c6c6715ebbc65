"""What could change the ratio."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.report.comparison import HUMAN, VersionCounts, comparisons
from aiprov_otel.report.sensitivity import (
    NO_BOUNDS,
    NO_SENSITIVITY,
    bounds,
    e_value,
    sensitivity,
)


def version(name: str, origin: str, calls: int, errors: int) -> VersionCounts:
    """One function on the only route."""
    return VersionCounts(
        *("shop", "GET /", "function", name, origin),
        *(None, None, None, None, None, "unknown", calls, errors),
    )


ROWS = [
    *(version(f"ai {n}", "ai", 100, 3 + n % 3) for n in range(12)),
    *(version(f"human {n}", "human", 100, 1 + n % 3) for n in range(12)),
    *(version(f"unknown {n}", "unknown", 100, 8) for n in range(6)),
    *(version(f"mixed {n}", "mixed", 100, 1) for n in range(6)),
]


def test_the_readings_are_those_of_two_tables():
    """Each is a ratio of two rates that can be worked out by hand."""
    found = bounds(ROWS, HUMAN, comparisons(ROWS, HUMAN)[0].adjusted)

    assert found.unknown_share == pytest.approx(6 / 36)
    assert found.unknown_human == pytest.approx((48 / 1200) / ((24 + 48) / 1800))
    assert found.unknown_ai == pytest.approx(((48 + 48) / 1800) / (24 / 1200))
    assert found.mixed_human == pytest.approx((48 / 1200) / ((24 + 6) / 1800))
    assert found.mixed_ai == pytest.approx(((48 + 6) / 1800) / (24 / 1200))


def test_a_refused_ratio_has_no_other_readings():
    """What the data don't allow to say, they don't allow in another way."""
    assert bounds(ROWS, HUMAN, None) == NO_BOUNDS
    assert sensitivity(HUMAN.cells(ROWS), None) == NO_SENSITIVITY


def test_the_limit_nearer_to_one_has_an_e_value_of_its_own():
    """It is weaker than that of the ratio, and 1 where chance could explain all of it."""
    adjusted = comparisons(ROWS, HUMAN)[0].adjusted

    found = sensitivity(HUMAN.cells(ROWS), adjusted)

    assert found.e_value == pytest.approx(2 + 2**0.5)
    assert 1 <= found.e_value_limit <= found.e_value
    assert 0 < found.placebo < 0.05


@given(st.floats(1.01, 50))
def test_a_hidden_cause_of_that_strength_explains_the_ratio(ratio):
    """
    With both associations as strong as the E-value, the bias is exactly the ratio, by the formula
    of the bounding factor (P. Ding, T. J. VanderWeele, Epidemiology 27 (2016), 368-377).
    """
    strength = e_value(ratio)

    assert strength * strength / (2 * strength - 1) == pytest.approx(ratio)
    assert e_value(1 / ratio) == pytest.approx(strength)
