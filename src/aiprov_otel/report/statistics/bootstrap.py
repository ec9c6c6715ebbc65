"""
Limits of the Mantel-Haenszel ratio that hold where the calls of one function fail together.

Whole functions are drawn with replacement, not calls: a broken function fails in many calls, and
limits that count them as independent are far too narrow. docs/explanation/method.md has the
simulation.
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
    Places: TypeAlias = NDArray[np.intp]

RESAMPLES: Final = 2_000
SEED: Final = 1_728
_AT_ONCE: Final = 400_000  # numbers that are held: what fits a processor's cache


def numbered(names: Sequence[object]) -> Places:
    """A number for each of *names*, the same for the same, from 0 in order of appearance."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.intp)


def groups(function: Places, arm: Places) -> tuple[Places, ...]:
    """The functions apart by the arms that they ran in: the one, the other, or both."""
    kinds = np.zeros(len(set(function.tolist())), dtype=np.intp)
    np.bitwise_or.at(kinds, function, arm + 1)
    return tuple(np.flatnonzero(kinds == kind) for kind in (1, 2, 3) if (kinds == kind).any())


def drawings(
    drawn_apart: Sequence[Places], *, held: int, resamples: int, seed: int
) -> Iterator[Array]:
    """
    How often each function was drawn: a row for each function, a column for each drawing.

    They come in portions of which *held* numbers a drawing fit the memory; each group of functions
    is drawn apart, as often as it has functions. The same *seed* gives the same drawings.
    """
    chance = np.random.default_rng(seed)
    functions = sum(map(len, drawn_apart))
    portion = max(1, _AT_ONCE // max(held, functions))
    for first in range(0, resamples, portion):
        size = min(portion, resamples - first)
        drawn = np.zeros((functions, size))
        for group in drawn_apart:
            even = np.full(len(group), 1 / len(group))
            drawn[group] = chance.multinomial(len(group), even, size=size).T
        yield drawn


with local_extra():
    import numpy as np


_LEVEL: Final = 0.95


def limits(
    cells: Sequence[Cell], *, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float] | None:
    """
    The symmetric bootstrap-t 95% limits of the Mantel-Haenszel ratio of *cells*.

    *cells* are merged, and of informative strata. Functions are drawn with replacement, apart by
    the arms that they ran in. The logarithm of the ratio is divided by its standard error, the sum
    of squares over functions of their influence on it, in the sample and in each drawing. The same
    *seed* gives the same limits. None where an arm has no error, or where so many drawings have
    none that no limit can be given.

    Source: P. Hall, "The Bootstrap and Edgeworth Expansion" (1992), sections 1.3 and 3.6, and
    A. C. Davison, D. V. Hinkley, "Bootstrap Methods and their Application" (1997), section 5.2.1;
    whole clusters: section 3.8 there.
    """
    plan = _plan(cells)
    ((center,), (error,)) = _studentized(plan, np.ones((plan.functions, 1)))
    if not (np.isfinite(center) and error > 0):
        return None
    portions = drawings(plan.groups, held=len(cells), resamples=resamples, seed=seed)
    drawn = [_studentized(plan, weights) for weights in portions]
    centers, errors = (np.concatenate(each) for each in zip(*drawn, strict=True))
    with np.errstate(all="ignore"):
        distance = np.abs(centers - center) / errors
    distance[~np.isfinite(distance)] = np.inf
    half = float(np.quantile(distance, _LEVEL, method="higher")) * float(error)
    middle = float(center)
    return (exp(middle - half), exp(middle + half)) if half < log(1e9) else None


@dataclass(frozen=True, slots=True)
class _Plan:
    """The cells as columns; they are sorted by stratum, and by arm, the baseline first."""

    calls: Array
    errors: Array
    function: Places
    stratum: Places
    arm: Places
    starts: Places
    by_function: Places
    function_starts: Places
    groups: tuple[Places, ...]

    @property
    def functions(self) -> int:
        return len(self.function_starts)


def _plan(cells: Sequence[Cell]) -> _Plan:
    function = numbered([cell.function for cell in cells])
    stratum = numbered([cell.stratum for cell in cells])
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
        groups(function, arm),
    )


def _studentized(plan: _Plan, weights: Array) -> tuple[Array, Array]:
    """For each column of *weights*, the logarithm of the ratio and its standard error."""
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
    """*rows* with each arm's in the place of the other's."""
    return np.flip(rows.reshape(-1, 2, rows.shape[1]), axis=1).reshape(rows.shape)


def _influence(plan: _Plan, rates: Array, against: Array, sides: Array) -> Array:
    """
    What a little more weight of each function would change of the logarithm of the ratio.

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
    """The standard error: the spread of the functions' influence, apart by the arms they ran in."""
    variance = np.zeros(weights.shape[1])
    for group in plan.groups:
        drawn, known, size = weights[group], influence[group], len(group)
        mean = (drawn * known).sum(axis=0) / size
        spread = (drawn * (known - mean) ** 2).sum(axis=0)
        variance += spread * size / max(size - 1, 1)
    return np.sqrt(variance)
