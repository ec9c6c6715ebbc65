"""
Limits of the Mantel-Haenszel ratio that hold even if the calls of one function fail together.

Whole functions are resampled, not calls: a broken function fails in many calls, and limits that
count them as independent are far too narrow. docs/explanation/method.md has the simulation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING, Final, TypeAlias

from aiprov_otel.report.statistics.strata import Cell
from aiprov_otel.telemetry.extra import local_extra

with local_extra():
    import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
    Indexes: TypeAlias = NDArray[np.intp]

RESAMPLES: Final = 2_000
SEED: Final = 1_728
_LEVEL: Final = 0.95
_CACHED: Final = 400_000  # numbers held at once: they fit a processor's cache


def index_names(names: Sequence[object]) -> Indexes:
    """Returns an index for each of *names*, the same for equal names, in order of appearance."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.intp)


def group_by_arms(function: Indexes, arm: Indexes) -> tuple[Indexes, ...]:
    """Groups functions by the arms that they ran in: baseline, exposed, or both."""
    kinds = np.zeros(len(set(function.tolist())), dtype=np.intp)
    np.bitwise_or.at(kinds, function, arm + 1)
    return tuple(np.flatnonzero(kinds == kind) for kind in (1, 2, 3) if (kinds == kind).any())


def resample(
    groups: Sequence[Indexes], *, numbers: int, resamples: int, seed: int
) -> Iterator[Array]:
    """
    Yields how often each function was drawn: a row for each function, a column for each resample.

    Resamples come in batches that fit the cache if each takes so many *numbers*. Each group is
    drawn separately, with replacement, as often as it has functions. The same *seed* gives the same
    resamples.
    """
    random = np.random.default_rng(seed)
    functions = sum(map(len, groups))
    batch = max(1, _CACHED // max(numbers, functions))
    for first in range(0, resamples, batch):
        size = min(batch, resamples - first)
        weights = np.zeros((functions, size))
        for group in groups:
            even = np.full(len(group), 1 / len(group))
            weights[group] = random.multinomial(len(group), even, size=size).T
        yield weights


def bootstrap_limits(
    cells: Sequence[Cell], *, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float] | None:
    """
    The symmetric bootstrap-t 95% limits of the Mantel-Haenszel ratio of *cells*.

    *cells* are merged, and of informative strata. Functions are drawn with replacement, separately
    by the arms that they ran in. The logarithm of the ratio is divided by its standard error, the
    sum of squares over functions of their influence on it, in the sample and in each resample. The
    same *seed* gives the same limits. None if an arm has no error, or if too many resamples have
    none.

    Source: P. Hall, "The Bootstrap and Edgeworth Expansion" (1992), sections 1.3 and 3.6, and
    A. C. Davison, D. V. Hinkley, "Bootstrap Methods and their Application" (1997), section 5.2.1;
    whole clusters: section 3.8 there.
    """
    plan = _plan(cells)
    ((center,), (error,)) = _studentized(plan, np.ones((plan.functions, 1)))
    if not (np.isfinite(center) and error > 0):
        return None
    batches = resample(plan.groups, numbers=len(cells), resamples=resamples, seed=seed)
    drawn = [_studentized(plan, weights) for weights in batches]
    centers, errors = (np.concatenate(column) for column in zip(*drawn, strict=True))
    with np.errstate(all="ignore"):
        distance = np.abs(centers - center) / errors
    distance[~np.isfinite(distance)] = np.inf
    half = float(np.quantile(distance, _LEVEL, method="higher")) * float(error)
    middle = float(center)
    return (exp(middle - half), exp(middle + half)) if half < log(1e9) else None


@dataclass(frozen=True, slots=True)
class _Plan:
    """The cells as columns, sorted by stratum and arm, the baseline first."""

    calls: Array
    errors: Array
    function: Indexes
    stratum: Indexes
    arm: Indexes
    starts: Indexes
    by_function: Indexes
    function_starts: Indexes
    groups: tuple[Indexes, ...]

    @property
    def functions(self) -> int:
        return len(self.function_starts)


def _plan(cells: Sequence[Cell]) -> _Plan:
    function = index_names([cell.function for cell in cells])
    stratum = index_names([cell.stratum for cell in cells])
    arm = np.array([cell.exposed for cell in cells], dtype=np.intp)
    by_function = np.argsort(function, kind="stable")
    return _Plan(
        np.array([cell.calls for cell in cells], dtype=np.float64),
        np.array([cell.errors for cell in cells], dtype=np.float64),
        function,
        stratum,
        arm,
        np.flatnonzero(np.diff(stratum * 2 + arm, prepend=-1)),
        by_function,
        np.flatnonzero(np.diff(function[by_function], prepend=-1)),
        group_by_arms(function, arm),
    )


def _studentized(plan: _Plan, weights: Array) -> tuple[Array, Array]:
    """Returns the logarithm of the ratio and its standard error for each column of *weights*."""
    rows = weights[plan.function]
    errors = np.add.reduceat(rows * plan.errors[:, None], plan.starts)
    calls = np.add.reduceat(rows * plan.calls[:, None], plan.starts)
    total = np.repeat(np.maximum(calls[0::2] + calls[1::2], 1e-9), 2, axis=0)
    against = _swapped(calls) / total
    sums = errors * against
    sides = np.stack([sums[0::2].sum(axis=0), sums[1::2].sum(axis=0)])
    with np.errstate(all="ignore"):
        influence = _influence(plan, errors / total, against, sides)
        return np.log(sides[1] / sides[0]), _error(plan, weights, influence)


def _swapped(rows: Array) -> Array:
    """Returns *rows* with the two arms of each stratum swapped."""
    return np.flip(rows.reshape(-1, 2, rows.shape[1]), axis=1).reshape(rows.shape)


def _influence(plan: _Plan, rates: Array, against: Array, sides: Array) -> Array:
    """
    How much a little more weight of each function would change the logarithm of the ratio.

    The derivative of Σ e₁n₀/n and of Σ e₀n₁/n by the weight of a cell, each over its sum; *rates*
    are e₀/n and e₁/n, *against* n₁/n and n₀/n of each stratum.
    """
    signed = against * np.tile([[-1.0], [1.0]], (len(rates) // 2, 1))
    gain = signed / np.tile(sides, (len(rates) // 2, 1))
    loss = gain * rates + signed / np.tile(sides[::-1], (len(rates) // 2, 1)) * _swapped(rates)
    own = plan.stratum * 2 + plan.arm
    cells = plan.errors[:, None] * gain[own] - plan.calls[:, None] * loss[own]
    by_function: Array = np.add.reduceat(cells[plan.by_function], plan.function_starts)
    return by_function


def _error(plan: _Plan, weights: Array, influence: Array) -> Array:
    """The standard error: the spread of the functions' influence within each group."""
    variance = np.zeros(weights.shape[1])
    for group in plan.groups:
        drawn, own, size = weights[group], influence[group], len(group)
        mean = (drawn * own).sum(axis=0) / size
        spread = (drawn * (own - mean) ** 2).sum(axis=0)
        variance += spread * size / max(size - 1, 1)
    return np.sqrt(variance)
