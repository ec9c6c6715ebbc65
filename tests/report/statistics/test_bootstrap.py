"""Limits over functions."""

from __future__ import annotations

import random
from math import log, sqrt

import numpy as np
import pytest

from aiprov_otel.report.statistics import bootstrap
from aiprov_otel.report.statistics.bootstrap import bootstrap_limits
from aiprov_otel.report.statistics.rates import mantel_haenszel
from aiprov_otel.report.statistics.strata import Cell, informative_cells, tallies


def random_cells(
    seed: int, *, ratio: float = 1.0, functions: int = 60, spread: float = 0.5
) -> list[Cell]:
    """Functions that fail each at a rate of its own, in two of five strata."""
    chance = np.random.default_rng(seed)
    cells = []
    for function in range(functions):
        exposed = bool(function % 2)
        own = chance.gamma(1 / spread, spread) * (ratio if exposed else 1)
        for stratum in chance.choice(5, 2, replace=False):
            calls = int(chance.integers(100, 5_000))
            errors = int(chance.poisson(calls * 0.02 * own))
            cells.append(Cell((f"route {stratum}",), exposed, f"f{function}", calls, errors))
    return informative_cells(cells)


def test_the_limits_hold_the_ratio():
    """They lie around the Mantel-Haenszel ratio, as far above as below on a scale of doublings."""
    cells = random_cells(1, ratio=3)
    ratio = mantel_haenszel(tallies(cells).values())

    low, high = bootstrap_limits(cells)

    assert 1 < low < ratio < high
    assert log(ratio / low) == pytest.approx(log(high / ratio))


def test_the_limits_hold_as_often_as_they_say():
    """Of 200 samples without any effect, in which functions differ, they miss some ten."""
    found = [
        bootstrap_limits(random_cells(seed, spread=1), resamples=300) for seed in range(100, 300)
    ]

    assert 180 <= sum(low <= 1 <= high for low, high in found) <= 198


def test_the_same_seed_gives_the_same_limits():
    """A report that is made twice says the same, in whichever order the cells came."""
    cells = random_cells(2)
    shuffled = random.Random(1).sample(cells, len(cells))

    assert bootstrap_limits(cells) == bootstrap_limits(informative_cells(shuffled))
    assert bootstrap_limits(cells, seed=1) != bootstrap_limits(cells, seed=2)


def test_calls_that_fail_together_make_wide_limits():
    """The more a function's calls have in common, the less they tell."""
    alike, apart = (
        bootstrap_limits(random_cells(3, spread=0.001)),
        bootstrap_limits(random_cells(3, spread=2)),
    )

    assert apart[1] / apart[0] > 2 * alike[1] / alike[0]


@pytest.mark.parametrize("seed", range(3))
def test_the_standard_error_is_that_of_leaving_functions_out(seed):
    """The influence of functions agrees with the jackknife, which leaves out one at a time."""
    cells = random_cells(seed, functions=400)
    plan = bootstrap._plan(cells)
    (found,) = bootstrap._studentized(plan, np.ones((plan.functions, 1)))[1]

    variance = 0.0
    for exposed in (True, False):
        names = sorted({cell.function for cell in cells if cell.exposed is exposed})
        left = [
            log(mantel_haenszel(tallies(c for c in cells if c.function != name).values()))
            for name in names
        ]
        mean = sum(left) / len(left)
        variance += (len(left) - 1) / len(left) * sum((one - mean) ** 2 for one in left)

    assert found == pytest.approx(sqrt(variance), rel=0.03)


def test_a_drawing_is_the_ratio_of_the_functions_that_were_drawn():
    """Weights are the same as repeating a function's cells under other names."""
    cells = random_cells(4, functions=10)
    plan = bootstrap._plan(cells)
    weights = np.ones((plan.functions, 1))
    weights[plan.function[0]] = 3
    twice = [cell for cell in cells if cell.function == cells[0].function] * 2

    ((center,), _) = bootstrap._studentized(plan, weights)

    assert center == pytest.approx(log(mantel_haenszel(tallies(cells + twice).values())))


def test_a_function_that_ran_in_both_arms_is_drawn_as_one():
    """A function whose lines changed hands has its two halves drawn together."""
    cells = [
        Cell((f"route {n % 3}",), exposed, f"f{n}", 1_000, 5 + n % 4 + exposed)
        for n in range(30)
        for exposed in (True, False)
    ]

    low, high = bootstrap_limits(informative_cells(cells))

    assert high / low < 1.2


def test_without_errors_there_are_no_limits():
    """An arm that never failed has no ratio to give limits of."""
    cells = [Cell(("a",), n % 2 == 0, f"f{n}", 100, n % 2) for n in range(20)]

    assert bootstrap_limits(informative_cells(cells)) is None


def test_one_failing_function_has_no_limits():
    """Where too many drawings have no error at all, nothing can be said."""
    cells = [Cell(("a",), n % 2 == 0, f"f{n}", 100, n in {0, 1}) for n in range(20)]

    assert bootstrap_limits(informative_cells(cells)) is None
