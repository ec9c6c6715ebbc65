"""Latency on the same routes."""

from __future__ import annotations

import math

import pytest

from aiprov_otel.report.comparison import HUMAN
from aiprov_otel.report.latency import INCLUSIVE, SELF, compare_latency
from aiprov_otel.report.sql import HISTOGRAM_STEPS


def rows(functions, ms):
    """So many functions a side; AI-written ones take *ms*, human ones 10."""
    return [
        (
            "shop",
            "GET /",
            "function",
            f"{origin}{n}",
            origin,
            math.floor(math.log2(time) * HISTOGRAM_STEPS),
            9,
        )
        for n in range(functions)
        for origin, time in (("ai", ms * (1 + n % 2)), ("human", 10 * (1 + n % 2)), ("mixed", 9))
    ]


def test_self_time_has_a_difference_with_limits():
    """Median and 95th percentile of both sides, in milliseconds, and what lies between them."""
    p50, p95 = compare_latency(rows(12, 40), HUMAN, SELF)

    assert (p50.time, p50.quantile, p95.quantile) == ("self", 0.5, 0.95)
    assert p95.exposed_ms == pytest.approx(80, rel=0.1)
    assert p95.baseline_ms == pytest.approx(20, rel=0.1)
    assert p95.difference_ms == pytest.approx(p95.exposed_ms - p95.baseline_ms)
    assert 0 < p50.low <= p50.difference_ms <= p50.high


@pytest.mark.parametrize(("functions", "time"), [(9, SELF), (12, INCLUSIVE)])
def test_few_functions_and_inclusive_time_have_no_limits(functions, time):
    """Without limits, a difference does not look like a finding."""
    for row in compare_latency(rows(functions, 40), HUMAN, time):
        assert (row.time, row.low, row.high) == (time, None, None)
        assert row.difference_ms > 0


def test_without_a_common_route_there_is_none():
    """One side alone has no latency to compare."""
    assert compare_latency([row for row in rows(12, 40) if row[4] == "ai"], HUMAN, SELF) == ()
