"""Functions whose origin changed, against those that did not change."""

from __future__ import annotations

import numpy as np
import pytest

from aiprov_otel.report.statistics.before_after import BeforeAfterCounts, before_after_ratio
from aiprov_otel.report.statistics.rates import mantel_haenszel
from aiprov_otel.report.statistics.strata import Tally

CALM = [BeforeAfterCounts(f"s{n}", ("shop", 3), 1_000, 10 + n, 1_000, 10 + n) for n in range(10)]


def functions_that_change(seed, ratio, trend, *, functions=40):
    """Functions that fail *ratio* times as often afterwards, in days that are *trend* times bad."""
    chance = np.random.default_rng(seed)

    def counts(change):
        own, before, after = chance.gamma(1) / 50, *chance.integers(500, 5_000, 2)
        return before, chance.poisson(before * own), after, chance.poisson(after * own * change)

    changes = [
        BeforeAfterCounts(f"c{n}", ("shop", n % 5), *counts(ratio * trend))
        for n in range(functions)
    ]
    steady = [counts(trend) for _ in range(functions)]
    return changes, [
        BeforeAfterCounts(f"s{n}", ("shop", turn), *total)
        for n, total in enumerate(steady)
        for turn in range(5)
    ]


def test_what_affects_all_functions_is_removed():
    """Errors that rose threefold everywhere are not due to the change."""
    result = before_after_ratio(*functions_that_change(1, ratio=1, trend=3))

    assert result.low < 1 < result.high
    assert result.high / result.low < 4


def test_what_affects_only_changed_functions_is_found():
    """Twice as many errors after the change, beyond a trend, are found."""
    result = before_after_ratio(*functions_that_change(2, ratio=2, trend=0.5, functions=100))

    assert 1 < result.low < 2 < result.high


def test_in_calm_times_it_is_mantel_haenszel():
    """Where nothing happened to the others, each function is a stratum of its own."""
    changes = [
        BeforeAfterCounts(f"c{n}", ("shop", 3), 900 + 7 * n, 5 + n, 400 + 5 * n, 2 + 2 * n)
        for n in range(9)
    ]
    strata = [
        Tally(one.after_calls, one.after_errors, one.before_calls, one.before_errors)
        for one in changes
    ]

    assert before_after_ratio(changes, CALM).value == pytest.approx(mantel_haenszel(strata))


def test_the_same_seed_gives_the_same_limits():
    """A report that is made twice says the same."""
    assert before_after_ratio(*functions_that_change(3, 1, 1)) == before_after_ratio(
        *functions_that_change(3, 1, 1)
    )


@pytest.mark.parametrize(
    ("changes", "steady"),
    [
        ([], CALM),
        ([BeforeAfterCounts("c", ("shop", 3), 10, 1, 10, 1)], []),
        ([BeforeAfterCounts("c", ("shop", 3), 10, 0, 10, 1)], CALM),
        ([BeforeAfterCounts("c", ("shop", 3), 10, 1, 10, 0)], CALM),
        ([BeforeAfterCounts("c", ("shop", 4), 10, 1, 10, 1)], CALM),
    ],
)
def test_without_errors_on_a_side_there_is_no_ratio(changes, steady):
    """Nothing changed, nothing to compare it with, or no errors: no number is made up."""
    assert before_after_ratio(changes, steady) is None
