"""Functions that changed hands while telemetry was taken."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from aiprov_otel.report.comparison import HUMAN, Counted
from aiprov_otel.report.origin_change import before_after
from aiprov_otel.report.trends import Timed

VERSION = Counted(
    *("shop", "GET /", "function", "f", "human", None, None, "c1", None, "commit", "unknown"),
    calls=1,
    errors=0,
)  # fmt: skip


def timed(name, part, origin, errors, calls=100):
    return Timed(part, "shop", "GET /", "function", name, origin, calls, errors)


def world(changed, steady, ratio):
    """Functions that change hands in part 10 or 12, beside those that don't, over 24 parts."""
    chance = random.Random(1)
    rows, versions = [], []
    for n in range(changed):
        turn = 10 + n % 2 * 2
        for part in range(24):
            origin, times = ("human", 1) if part < turn else ("ai", ratio)
            rows.append(timed(f"c{n}", part, origin, times * chance.randrange(2, 5)))
        versions += [replace(VERSION, name=f"c{n}"), replace(VERSION, name=f"c{n}", origin="ai")]
    for n in range(steady):
        rows += [timed(f"s{n}", part, "human", chance.randrange(2, 5)) for part in range(24)]
        versions.append(replace(VERSION, name=f"s{n}"))
    return versions, rows


def test_the_same_function_before_and_after():
    """Those that changed are held against what they did before, and against those that did not."""
    found = before_after(*world(12, 15, 2), HUMAN)

    assert (found.changed, found.steady) == (12, 15)
    assert found.ratio.value == pytest.approx(2, rel=0.1)
    assert found.ratio.low > 1.5
    assert "12 functions that changed from human-written to AI-written" in found.text
    assert "are associated with" in found.text
    assert "cause" not in found.text


def test_no_difference_is_said_as_such():
    """Limits around 1 are no finding."""
    found = before_after(*world(12, 15, 1), HUMAN)

    assert "no association can be told from chance" in found.text


@pytest.mark.parametrize(("changed", "steady"), [(9, 20), (12, 9)])
def test_few_functions_are_too_few(changed, steady):
    """Ten of each are needed."""
    found = before_after(*world(changed, steady, 2), HUMAN)

    assert (found.ratio, found.changed, found.steady) == (None, changed, steady)
    assert "too few to tell" in found.text


def test_where_nothing_changed_it_says_so():
    """A service whose history the telemetry does not reach back to has no such answer."""
    found = before_after(*world(0, 20, 1), HUMAN)

    assert found.text == (
        "No function changed from human-written to AI-written within this telemetry."
    )


def test_a_function_that_became_human_did_not_change_to_ai():
    """Only the one direction is asked for."""
    versions, rows = world(0, 20, 1)
    rows += [timed("back", 1, "ai", 5), timed("back", 2, "human", 5)]

    assert before_after(versions, rows, HUMAN).changed == 0
