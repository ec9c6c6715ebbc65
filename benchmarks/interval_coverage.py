"""
How often the 95 % limits of the report hold the true ratio, on data that is made up.

    python benchmarks/interval_coverage.py [SAMPLES]

Prints the tables of docs/explanation/method.md. Every function has one origin, as in life, and runs
in two of ten routes; the true ratio is 1, or 2 where the name says so. Calls of a function are many
or few (log-normal). Samples in which one side has fewer than ten failing functions are not counted,
since the report refuses them. The second table is of functions that change hands in the midst of a
trend that befalls all, and of self times that differ from function to function.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import exp, sqrt

import numpy as np

from aiprov_otel.report.comparison import MIN_FAILING
from aiprov_otel.report.sql import HISTOGRAM_STEPS
from aiprov_otel.report.statistics.before_after import BeforeAfterCounts, before_after_ratio
from aiprov_otel.report.statistics.bootstrap import bootstrap_limits
from aiprov_otel.report.statistics.placebo import placebo_share
from aiprov_otel.report.statistics.quantiles import StepCount, quantiles
from aiprov_otel.report.statistics.rates import Z, mantel_haenszel, quasi_poisson
from aiprov_otel.report.statistics.strata import Cell, count_failing, informative_cells, tallies

ROUTES = 10
RESAMPLES = 500
SIZES = (15, 30, 100)
Limits = tuple[float, float] | None


@dataclass(frozen=True)
class World:
    """
    How errors come about.

    Attributes:
        name: in the table.
        spread: variance of the functions' own proneness to fail, 0 for none.
        burst: errors that come at once, as in an outage.
        ratio: what AI-written code does to the rate.
        confounded: whether AI-written functions mostly serve the routes that fail.
    """

    name: str
    spread: float = 0
    burst: int = 1
    ratio: float = 1
    confounded: bool = False


WORLDS = (
    World("independent"),
    World("clustered", spread=2),
    World("clustered, true ratio 2", spread=2, ratio=2),
    World("bursty", spread=0.5, burst=20),
    World("confounded", spread=1, confounded=True),
)


def sample(world: World, functions: int, chance: np.random.Generator) -> list[Cell]:
    """What *functions* a side did in that world."""
    rates = np.exp(chance.normal(np.log(0.01), 0.5, ROUTES))
    if world.confounded:
        rates = np.where(np.arange(ROUTES) < ROUTES // 2, 0.05, 0.004)
    return [
        cell
        for exposed in (True, False)
        for number in range(functions)
        for cell in _function(world, exposed, number, rates.tolist(), chance)
    ]


def _function(
    world: World, exposed: bool, number: int, rates: Sequence[float], chance: np.random.Generator
) -> list[Cell]:
    own = chance.gamma(1 / world.spread, world.spread) if world.spread else 1.0
    calls = int(chance.lognormal(np.log(2_000), 1)) + 1
    return [
        Cell((str(route),), exposed, f"{exposed} {number}", calls, _errors(world, mean, chance))
        for route in _routes(world, exposed, chance)
        for mean in [calls * rates[route] * own * (world.ratio if exposed else 1)]
    ]


def _routes(world: World, exposed: bool, chance: np.random.Generator) -> Sequence[int]:
    if not world.confounded:
        return [int(one) for one in chance.choice(ROUTES, 2, replace=False)]
    bad = chance.random() < (0.88 if exposed else 0.12)
    half = np.arange(ROUTES // 2) + (0 if bad else ROUTES // 2)
    return [int(one) for one in chance.choice(half, 2, replace=False)]


def _errors(world: World, mean: float, chance: np.random.Generator) -> int:
    return int(chance.poisson(mean / world.burst)) * world.burst


def of_calls(cells: list[Cell]) -> Limits:
    """Limits as if calls were independent: S. Greenland, J. M. Robins, Biometrics 41 (1985)."""
    counts = list(tallies(cells).values())
    top = sum(one.exposed_errors * one.baseline_calls / one.calls for one in counts)
    bottom = sum(one.baseline_errors * one.exposed_calls / one.calls for one in counts)
    spread = sum(
        (one.exposed_errors + one.baseline_errors)
        * (one.exposed_calls * one.baseline_calls / one.calls**2)
        for one in counts
    )
    half = Z * sqrt(spread / (top * bottom))
    return top / bottom * exp(-half), top / bottom * exp(half)


def of_regression(cells: list[Cell]) -> Limits:
    """Those of quasi-Poisson."""
    found = quasi_poisson(cells)
    return (found.low, found.high) if found else None


def of_functions(cells: list[Cell]) -> Limits:
    """Those of the report, from fewer drawings."""
    return bootstrap_limits(cells, resamples=RESAMPLES)


METHODS: tuple[Callable[[list[Cell]], Limits], ...] = (of_calls, of_regression, of_functions)


def main(samples: int) -> None:
    """Print a row for each world and size."""
    print("| errors | functions a side | crude ratio | ratio | calls | quasi-Poisson | functions |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for world in WORLDS:
        for functions in SIZES:
            print(f"| {world.name} | {functions} | {_row(world, functions, samples)} |", flush=True)


def _row(world: World, functions: int, samples: int) -> str:
    chance = np.random.default_rng(functions)
    held = [0] * len(METHODS)
    ratios, crude, counted = [], [], 0
    while counted < samples:
        cells = informative_cells(sample(world, functions, chance))
        if (
            min(count_failing(cells, exposed=True), count_failing(cells, exposed=False))
            < MIN_FAILING
        ):
            continue
        counted += 1
        ratios.append(mantel_haenszel(tallies(cells).values()) or 0)
        crude.append(_crude(cells))
        for place, method in enumerate(METHODS):
            found = method(cells)
            held[place] += found is None or found[0] <= world.ratio <= found[1]
    shares = " | ".join(f"{100 * one / samples:.1f} %" for one in held)
    return f"{np.median(crude):.2f} | {np.median(ratios):.2f} | {shares}"


def _crude(cells: list[Cell]) -> float:
    rates = []
    for exposed in (True, False):
        arm = [cell for cell in cells if cell.exposed is exposed]
        rates.append(sum(cell.errors for cell in arm) / sum(cell.calls for cell in arm))
    return rates[0] / rates[1]


def others(samples: int) -> None:
    """Print a row for each of the other limits, and size."""
    print("\n| limits | functions a side | hold the truth |\n| --- | ---: | ---: |")
    for name, held in (
        ("before and after, true ratio 1", partial(turned, 1)),
        ("before and after, true ratio 2", partial(turned, 2)),
        ("difference of the medians of self time, equal arms", partial(timed, 0.5)),
        ("difference of the 95th percentiles, equal arms", partial(timed, 0.95)),
    ):
        for functions in SIZES:
            chance = np.random.default_rng(functions)
            share = sum(held(functions, chance) for _ in range(samples)) / samples
            print(f"| {name} | {functions} | {100 * share:.1f} % |", flush=True)


def turned(ratio: float, functions: int, chance: np.random.Generator) -> bool:
    """Whether the limits hold *ratio*, when everything fails 1.5 times as often afterwards."""

    def counts(change: float) -> tuple[int, int, int, int]:
        own, (before, after) = 0.01 * chance.gamma(1), chance.lognormal(7, 1, 2).astype(int) + 1
        errors = chance.poisson(before * own), chance.poisson(after * own * change)
        return int(before), int(errors[0]), int(after), int(errors[1])

    changes = [
        BeforeAfterCounts(f"c{n}", ("shop", n % 20), *counts(1.5 * ratio)) for n in range(functions)
    ]
    steady = [counts(1.5) for _ in range(functions)]
    others = [
        BeforeAfterCounts(f"s{n}", ("shop", turn), *found)
        for n, found in enumerate(steady)
        for turn in range(20)
    ]
    found = before_after_ratio(changes, others, resamples=RESAMPLES)
    return found is None or found.low <= ratio <= found.high


def timed(quantile: float, functions: int, chance: np.random.Generator) -> bool:
    """Whether the limits hold 0, when functions have times of their own on slow and fast routes."""
    slow = chance.normal(0, 1, ROUTES)
    timings = []
    for exposed in (True, False):
        for number in range(functions):
            own = chance.normal(0, 0.7)
            for route in chance.choice(ROUTES, 2, replace=False):
                times = chance.normal(np.log2(5) + slow[route] + own, 1, 100) * HISTOGRAM_STEPS
                steps, calls = np.unique(np.floor(times).astype(int), return_counts=True)
                timings += [
                    StepCount((str(route),), exposed, f"{exposed} {number}", int(step), int(count))
                    for step, count in zip(steps, calls, strict=True)
                ]
    found = quantiles(timings, (quantile,), doubling=HISTOGRAM_STEPS)
    if found is None or found[0].low is None or found[0].high is None:
        return True
    return found[0].low <= 0 <= found[0].high


def placebos(samples: int) -> None:
    """Prints how often at most 5 % of the permutations are as extreme, without any effect."""
    print("\n| placebo | functions a side | at most 5 % |\n| --- | ---: | ---: |")
    for functions in SIZES:
        chance = np.random.default_rng(functions)
        worlds = [sample(WORLDS[1], functions, chance) for _ in range(samples)]
        shares = [placebo_share(informative_cells(each), permutations=RESAMPLES) for each in worlds]
        few = sum(share is not None and share <= 0.05 for share in shares)
        print(f"| clustered | {functions} | {100 * few / samples:.1f} % |", flush=True)


if __name__ == "__main__":
    samples = int(sys.argv[1]) if sys.argv[1:] else 1_000
    main(samples)
    others(samples)
    placebos(samples)
