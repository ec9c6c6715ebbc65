"""Functions whose origin changed during the telemetry."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from aiprov_otel.report.comparison import HUMAN, VersionCounts
from aiprov_otel.report.origin_change import compare_before_after
from aiprov_otel.report.trends import PartCounts

VERSION = VersionCounts(
    *("shop", "GET /", "function", "f", "human", None, None, "c1", None, "commit", "unknown"),
    calls=1,
    errors=0,
)  # fmt: skip


def timed(name, part, origin, errors, calls=100):
    return PartCounts(part, "shop", "GET /", "function", name, origin, calls, errors)


def world(changed, steady, ratio):
    """Functions that change in part 10 or 12, beside others that don't, over 24 parts."""
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
    """Changed functions are compared with themselves before, and with those that did not change."""
    result = compare_before_after(*world(12, 15, 2), HUMAN)

    assert (result.changed, result.steady) == (12, 15)
    assert result.ratio.value == pytest.approx(2, rel=0.1)
    assert result.ratio.low > 1.5
    assert "the 12 functions that changed from human-written to AI-written" in result.text
    assert "are associated with" in result.text
    assert "cause" not in result.text


def test_limits_around_1_may_be_chance():
    """Limits around 1 are not a finding."""
    result = compare_before_after(*world(12, 15, 1), HUMAN)

    assert "which may be chance" in result.text


@pytest.mark.parametrize(("changed", "steady"), [(9, 20), (12, 9)])
def test_few_functions_are_too_few(changed, steady):
    """Ten of each are needed."""
    result = compare_before_after(*world(changed, steady, 2), HUMAN)

    assert (result.ratio, result.changed, result.steady) == (None, changed, steady)
    assert "too few to tell" in result.text


def test_without_changes_it_says_so():
    """Telemetry that is too short to hold a change gets one sentence."""
    result = compare_before_after(*world(0, 20, 1), HUMAN)

    assert result.text == (
        "No function changed from human-written to AI-written in this telemetry."
    )


def test_a_function_that_became_human_did_not_change_to_ai():
    """Only changes to AI-written code count."""
    versions, rows = world(0, 20, 1)
    rows += [timed("back", 1, "ai", 5), timed("back", 2, "human", 5)]

    assert compare_before_after(versions, rows, HUMAN).changed == 0
