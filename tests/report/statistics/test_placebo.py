"""How extreme a ratio is among those by lot."""

from __future__ import annotations

import numpy as np

from aiprov_otel.report.statistics.placebo import placebo_share
from aiprov_otel.report.statistics.strata import Cell, informative_cells


def cells(*, ratio: float, seed: int = 1, functions: int = 30) -> list[Cell]:
    """So many functions a side, each prone to fail in its own way, on three routes."""
    chance = np.random.default_rng(seed)
    return informative_cells(
        Cell(
            (f"route {number % 3}",),
            exposed,
            f"{exposed} {number}",
            1_000,
            int(chance.poisson(20 * chance.gamma(2, 0.5) * (ratio if exposed else 1))),
        )
        for exposed in (True, False)
        for number in range(functions)
    )


def test_a_strong_effect_is_rare_by_lot():
    """Of 500 permutations, hardly one is as extreme as four times the errors."""
    assert placebo_share(cells(ratio=4), permutations=500) <= 0.01


def test_no_effect_is_as_common_as_it_says():
    """Of 60 samples without an effect, a tenth or so is among the most extreme tenth."""
    shares = [placebo_share(cells(ratio=1, seed=seed), permutations=99) for seed in range(60)]

    assert 1 <= sum(share <= 0.1 for share in shares) <= 14


def test_the_same_seed_gives_the_same_share():
    """A report that is made again says the same."""
    assert placebo_share(cells(ratio=2)) == placebo_share(cells(ratio=2))


def test_without_errors_there_is_none():
    """Nor without cells."""
    silent = [Cell(("route",), exposed, str(exposed), 10, 0) for exposed in (True, False)]

    assert placebo_share(silent) is None
    assert placebo_share([]) is None
