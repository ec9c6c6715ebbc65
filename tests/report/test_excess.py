"""What carries the excess."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aiprov_otel.report.comparison import HUMAN, VersionCounts
from aiprov_otel.report.excess import break_down_excess

NOW = 1_790_000_000_000_000_000
AI = VersionCounts(
    *("shop", "GET /", "function", "total", "ai", "claude-code", "claude-opus-4-6"),
    *("9fd81c2", "2026-05-04T10:00:00Z", "commit", "unknown"),
    calls=100,
    errors=30,
)  # fmt: skip
ROWS = [
    AI,
    replace(AI, name="quote", calls=200, errors=4, model="gpt-5", commit="abc"),
    replace(AI, name="apart", route="GET /alone", errors=99),
    replace(AI, name="stock", origin="human", calls=1_000, errors=50),
]
TYPES = [
    ("shop", "GET /", "function", "ai", "KeyError", 30),
    ("shop", "GET /", "function", "ai", "ValueError", 4),
    ("shop", "GET /", "function", "human", "ValueError", 50),
    ("shop", "GET /alone", "function", "ai", "KeyError", 99),
]


def test_functions_are_held_against_the_rate_of_their_route():
    """5 % of 100 calls are expected: 30 errors are 25 too many; where no baseline ran, none are."""
    excess = break_down_excess(ROWS, TYPES, HUMAN, NOW).functions

    assert [row.name for row in excess] == ["total", "quote"]
    assert (excess[0].expected, excess[0].excess) == (pytest.approx(5), pytest.approx(25))
    assert excess[1].excess == pytest.approx(4 - 10)
    assert excess[0].low == pytest.approx(20.24 - 5, abs=0.05)
    assert excess[0].high == pytest.approx(42.83 - 5, abs=0.05)


def test_commits_and_models_are_summed():
    """Each with what is known of it, and how old the code was."""
    excess = break_down_excess([*ROWS, replace(AI, name="more", errors=10)], TYPES, HUMAN, NOW)

    assert (excess.commits[0].name, excess.commits[0].errors) == ("9fd81c2", 40)
    assert (excess.commits[0].committed, excess.commits[0].age_days) == (AI.committed, 140)
    assert [row.name for row in excess.models] == ["claude-opus-4-6", "gpt-5"]
    assert excess.models[0].agent == "claude-code"
    assert excess.models[0].commit == "9fd81c2"


def test_exceptions_are_held_against_the_same_exception():
    """50 in 1,000 calls of the baseline are 15 in 300 of AI-written code."""
    key, value = break_down_excess(ROWS, TYPES, HUMAN, NOW).exceptions

    assert (key.name, key.errors, key.expected) == ("KeyError", 30, 0)
    assert (value.name, value.expected) == ("ValueError", pytest.approx(15))


@pytest.mark.parametrize("committed", [None, "yesterday"])
def test_an_age_that_is_not_known_is_none(committed):
    """A time that is missing or no time makes no age."""
    rows = [replace(row, committed=committed) for row in ROWS]

    assert break_down_excess(rows, [], HUMAN, NOW).functions[0].age_days is None


def test_nothing_has_no_excess():
    """Without calls there are empty lists."""
    excess = break_down_excess([], [], HUMAN, 0)

    assert (excess.functions, excess.commits, excess.models, excess.exceptions) == ((), (), (), ())
