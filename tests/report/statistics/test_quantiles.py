"""Quantiles of times that were counted in steps."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from aiprov_otel.report.statistics.quantiles import StepCount, quantiles, step_value

DOUBLING = 8


def quantity(times, *, stratum="GET /", exposed=True, function="f"):
    """*times* in milliseconds, as a database counts them."""
    steps = [math.floor(math.log2(time) * DOUBLING) for time in times]
    return [
        StepCount((stratum,), exposed, function, step, steps.count(step)) for step in set(steps)
    ]  # fmt: skip


def lognormal(seed, middle, number=300):
    chance = random.Random(seed)
    return [chance.lognormvariate(math.log(middle), 1) for _ in range(number)]


def test_quantiles_are_those_of_the_times():
    """Counting in steps of 9% costs a few percent of precision, no more."""
    slow, fast = lognormal(1, 20, 5_000), lognormal(2, 5, 5_000)
    timings = quantity(slow) + quantity(fast, exposed=False, function="g")

    p50, p95 = quantiles(timings, (0.5, 0.95), doubling=DOUBLING, resamples=1)

    for result, wanted in ((p50, 50), (p95, 95)):
        assert step_value(result.exposed, DOUBLING) == pytest.approx(
            np.percentile(slow, wanted), rel=0.02
        )
        assert step_value(result.baseline, DOUBLING) == pytest.approx(
            np.percentile(fast, wanted), rel=0.02
        )


def test_routes_count_alike_for_both_sides():
    """AI-written code on the slow route mostly, human on the fast: on the same routes, equal."""
    timings = [
        timing
        for stratum, time, exposed, calls in (
            ("slow", 100, True, 900),
            ("slow", 100, False, 100),
            ("fast", 1, True, 100),
            ("fast", 1, False, 900),
        )
        for timing in quantity(
            [time] * calls, stratum=stratum, exposed=exposed, function=f"{exposed}"
        )
    ]

    (result,) = quantiles(timings, (0.7,), doubling=DOUBLING, resamples=1)

    assert result.exposed == result.baseline


def test_the_limits_are_over_functions():
    """Functions that differ make wide limits, and equal arms hold zero."""
    timings = [
        timing
        for n in range(40)
        for timing in quantity(lognormal(n, 5 * 2 ** (n % 4)), exposed=n % 8 < 4, function=f"f{n}")
    ]

    (result,) = quantiles(timings, (0.5,), doubling=DOUBLING)

    assert result.low < -2
    assert result.high > 2
    assert quantiles(timings, (0.5,), doubling=DOUBLING) == [result]


def test_without_a_common_route_there_is_nothing():
    """Two sides that never met have no difference."""
    timings = quantity([1, 2], stratum="a") + quantity([1], stratum="b", exposed=False)

    assert quantiles(timings, (0.5,), doubling=DOUBLING) is None
    assert quantiles([], (0.5,), doubling=DOUBLING) is None
