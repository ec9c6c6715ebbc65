"""How clustered errors are."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from aiprov_otel.report.statistics.strata import FunctionSums, design_effect


def sums(counts):
    """Of pairs of calls and errors."""
    calls, errors = np.array(counts, dtype=float).T
    products = (errors @ errors, errors @ calls, calls @ calls)
    return FunctionSums(len(counts), calls.sum(), errors.sum(), *products)


def test_it_is_what_a_regression_with_clustered_errors_says():
    """The variance of a mean over functions, against that of independent calls."""
    chance = np.random.default_rng(1)
    counts = [
        (n, int(chance.binomial(n, chance.beta(1, 9)))) for n in chance.integers(5, 90, 30).tolist()
    ]
    failed = np.array([float(k < e) for n, e in counts for k in range(n)])
    function = np.array([place for place, (n, _) in enumerate(counts) for _ in range(n)])
    fitted = sm.OLS(failed, np.ones(len(failed))).fit(
        cov_type="cluster", cov_kwds={"groups": function}
    )
    independent = failed.mean() * (1 - failed.mean()) / len(failed)
    correction = (len(failed) - 1) / len(failed)  # statsmodels counts calls too

    expected = fitted.cov_params().item() * correction / independent

    assert design_effect(sums(counts)) == pytest.approx(expected, rel=0.01)
    assert expected > 2


def test_functions_that_fail_alike_are_not_clustered():
    """It is never below 1: what is more even than chance is taken for chance."""
    assert design_effect(sums([(100, 10)] * 20)) == 1


@pytest.mark.parametrize("counts", [[(100, 10)], [(10, 0), (20, 0)], [(5, 5), (6, 6)], [(0, 3)]])
def test_without_variation_it_is_1(counts):
    """One function, no errors, nothing but errors, or no calls."""
    assert design_effect(sums(counts)) == 1
