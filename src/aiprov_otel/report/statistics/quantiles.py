"""
Latencies of two arms as if both had served the same routes, and how far apart they are.

Times are counted in steps of a doubling, so that a database can count them, and a quantile is read
from the counts, straight between the ends of its step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiprov_otel.report.statistics.bootstrap import SEED, drawings, groups, numbered
from aiprov_otel.report.statistics.strata import Stratum
from aiprov_otel.telemetry.extra import local_extra

with local_extra():
    import numpy as np

if TYPE_CHECKING:
    from aiprov_otel.report.statistics.bootstrap import Array, Places

RESAMPLES: Final = 500
_TAILS: Final = (0.025, 0.975)


@dataclass(frozen=True, slots=True, order=True)
class Timing:
    """How many calls of a function of one arm in one stratum took a time in one *step*."""

    stratum: Stratum
    exposed: bool
    function: str
    step: int
    calls: float


@dataclass(frozen=True, slots=True)
class Quantiles:
    """
    One quantile of both arms, in steps, and the 95% limits of the difference of what they mean.

    Attributes:
        exposed: in steps.
        baseline: in steps.
        low: lower limit of the difference of the values, exposed less baseline.
        high: upper limit.
    """

    exposed: float
    baseline: float
    low: float
    high: float


def quantiles(
    timings: Sequence[Timing],
    wanted: Sequence[float],
    *,
    doubling: int,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> list[Quantiles] | None:
    """
    For each *wanted* quantile, that of both arms over the strata in which both ran.

    The distributions of the strata are added up with the weights n₁n₀/n, the same for both arms
    (direct standardization, with the weights of Mantel and Haenszel). *doubling* says how many
    steps a doubling has. The limits are percentiles over drawings of whole functions. None where
    no stratum has both arms.

    Source: K. J. Rothman, S. Greenland, T. L. Lash, "Modern Epidemiology", third edition (2008),
    chapter 15 (standardization); A. C. Davison, D. V. Hinkley, "Bootstrap Methods and their
    Application" (1997), section 5.3.1 (percentiles) and 3.8 (clusters).
    """
    rows = sorted(_informative(timings))
    if not rows:
        return None
    parts = _parts(rows)
    first = min(row.step for row in rows)
    found = _standardized(parts, np.ones((parts.functions, 1)), wanted)
    held = 2 * parts.steps
    drawn = np.concatenate(
        [
            _difference(_standardized(parts, weights, wanted) + first, doubling)
            for weights in drawings(parts.groups, held=held, resamples=resamples, seed=seed)
        ],
        axis=1,
    )
    limits = np.nanquantile(drawn, _TAILS, axis=1)
    return [
        Quantiles(float(exposed) + first, float(baseline) + first, float(low), float(high))
        for baseline, exposed, low, high in zip(*found[:, :, 0], *limits, strict=True)
    ]


def value(steps: float, doubling: int) -> float:
    """What a number of *steps* means, in the unit that was counted."""
    return float(2 ** (steps / doubling))


def _difference(steps: Array, doubling: int) -> Array:
    values = np.exp2(steps / doubling)
    difference: Array = values[1] - values[0]
    return difference


def _informative(timings: Sequence[Timing]) -> list[Timing]:
    arms: dict[Stratum, set[bool]] = {}
    for timing in timings:
        arms.setdefault(timing.stratum, set()).add(timing.exposed)
    return [timing for timing in timings if len(arms[timing.stratum]) == 2]


@dataclass(frozen=True, slots=True)
class _Parts:
    """For each stratum and arm, the baseline first, its functions and their counts by step."""

    counts: list[tuple[tuple[Places, Array], tuple[Places, Array]]]
    groups: tuple[Places, ...]
    functions: int
    steps: int


def _parts(rows: Sequence[Timing]) -> _Parts:
    function = numbered([row.function for row in rows])
    arm = np.array([row.exposed for row in rows], dtype=np.intp)
    first = min(row.step for row in rows)
    step = np.array([row.step - first for row in rows], dtype=np.intp)
    calls = np.array([row.calls for row in rows], dtype=np.float64)
    stratum = numbered([row.stratum for row in rows])
    steps = max(row.step for row in rows) - first + 1

    def counted(place: int, side: int) -> tuple[Places, Array]:
        here = np.flatnonzero((stratum == place) & (arm == side))
        names = np.unique(function[here])
        table = np.zeros((len(names), steps))
        np.add.at(table, (np.searchsorted(names, function[here]), step[here]), calls[here])
        return names, table

    counts = [(counted(place, 0), counted(place, 1)) for place in range(len(set(stratum.tolist())))]
    drawn_apart = groups(function, arm)
    return _Parts(counts, drawn_apart, sum(map(len, drawn_apart)), steps)


def _standardized(parts: _Parts, weights: Array, wanted: Sequence[float]) -> Array:
    """By arm, wanted quantile and drawing: the quantile, in steps since the first."""
    sums = np.zeros((2, parts.steps, weights.shape[1]))
    for sides in parts.counts:
        counts = [table.T @ weights[names] for names, table in sides]
        calls = [one.sum(axis=0) for one in counts]
        shared = np.divide(
            calls[0] * calls[1],
            calls[0] + calls[1],
            out=np.zeros(len(calls[0])),
            where=(calls[0] > 0) & (calls[1] > 0),
        )
        for side in (0, 1):
            sums[side] += counts[side] * (shared / np.maximum(calls[side], 1e-9))
    return np.stack([_read(sums, one) for one in wanted], axis=1)


def _read(sums: Array, wanted: float) -> Array:
    """Where the *wanted* share of each column of *sums* is reached; NaN where nothing was drawn."""
    reached = np.cumsum(sums, axis=1)
    total = reached[:, -1:, :]
    target = wanted * total
    place = (reached < target * (1 - 1e-12)).sum(axis=1, keepdims=True)
    place = np.minimum(place, sums.shape[1] - 1)
    inside = np.take_along_axis(sums, place, axis=1)
    before = np.take_along_axis(reached, place, axis=1) - inside
    with np.errstate(all="ignore"):
        steps: Array = (place + (target - before) / inside)[:, 0, :]
    return np.where(total[:, 0, :] > 0, steps, np.nan)
