"""Ratios within strata, against statsmodels and scipy, and against what is published."""

from __future__ import annotations

import random
from math import exp

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from statsmodels.stats.contingency_tables import StratifiedTable

from aiprov_otel.report.statistics.rates import byar, mantel_haenszel, quasi_poisson
from aiprov_otel.report.statistics.strata import Cell, Tally, informative_cells, tallies


def random_cells(seed: int, *, strata: int = 6, functions: int = 40) -> list[Cell]:
    """Cells at random: some strata with one arm only, some functions in several strata."""
    chance = random.Random(seed)
    return informative_cells(
        Cell((str(stratum),), function % 3 == 0, f"f{function}", calls, chance.randrange(9))
        for function in range(functions)
        for stratum in chance.sample(range(strata), 2)
        for calls in [chance.randrange(10, 5_000)]
    )


@pytest.mark.parametrize("seed", range(5))
def test_mantel_haenszel_is_that_of_statsmodels(seed):
    """The pooled risk ratio is what statsmodels computes from the same tables."""
    counts = list(tallies(random_cells(seed)).values())
    tables = [
        np.array(
            [
                [tally.exposed_errors, tally.exposed_calls - tally.exposed_errors],
                [tally.baseline_errors, tally.baseline_calls - tally.baseline_errors],
            ]
        )
        for tally in counts
    ]

    assert mantel_haenszel(counts) == pytest.approx(StratifiedTable(tables).riskratio_pooled)


def test_mantel_haenszel_sees_through_simpson():
    """Both arms fail alike on each route, the exposed is on the bad one: crude 5, adjusted 1."""
    counts = [Tally(9_000, 450, 1_000, 50), Tally(1_000, 1, 9_000, 9)]
    errors = [
        sum(tally.exposed_errors for tally in counts),
        sum(tally.baseline_errors for tally in counts),
    ]

    assert errors[0] / errors[1] > 5
    assert mantel_haenszel(counts) == pytest.approx(1)


def test_without_baseline_errors_there_is_no_ratio():
    """Nothing is divided by zero, and a stratum of one arm counts for nothing."""
    assert mantel_haenszel([Tally(10, 1, 10, 0)]) is None
    assert mantel_haenszel([Tally(10, 1, 0, 0), Tally(10, 2, 10, 1)]) == pytest.approx(2)
    assert mantel_haenszel([]) is None


@pytest.mark.parametrize("errors", [0, 1, 2, 5, 20, 300, 10_000])
def test_byars_limits_are_nearly_exact(errors):
    """They agree with the exact limits of a Poisson count, from χ², within two hundredths."""
    low, high = byar(errors)

    assert low == pytest.approx(scipy.stats.chi2.ppf(0.025, 2 * errors) / 2 if errors else 0,
                                rel=0.02, abs=0.02)  # fmt: skip
    assert high == pytest.approx(scipy.stats.chi2.ppf(0.975, 2 * errors + 2) / 2, rel=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_quasi_poisson_is_that_of_statsmodels(seed):
    """Ratio, dispersion and limits are those of a regression with a level for each stratum."""
    cells = random_cells(seed)
    strata = sorted({cell.stratum for cell in cells})
    design = [
        [float(cell.exposed), *(float(cell.stratum == one) for one in strata)] for cell in cells
    ]
    fitted = sm.GLM(
        [cell.errors for cell in cells],
        np.array(design),
        family=sm.families.Poisson(),
        exposure=np.array([cell.calls for cell in cells]),
    ).fit(scale="X2")

    result = quasi_poisson(cells)

    assert result.value == pytest.approx(exp(fitted.params[0]), rel=1e-5)
    assert result.dispersion == pytest.approx(fitted.scale, rel=1e-4)
    low, high = fitted.conf_int()[0]
    assert (result.low, result.high) == pytest.approx((exp(low), exp(high)), rel=1e-4)


def test_without_errors_in_an_arm_there_is_no_regression():
    """An infinite ratio is not given as a number."""
    cells = [
        Cell(("a",), exposed=True, function="f", calls=10, errors=1),
        Cell(("a",), exposed=True, function="h", calls=10, errors=1),
        Cell(("a",), exposed=False, function="g", calls=10, errors=0),
    ]

    assert quasi_poisson(cells) is None
    assert quasi_poisson(cells[1:]) is None
