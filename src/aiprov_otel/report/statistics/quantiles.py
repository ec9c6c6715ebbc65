"""
Latency quantiles of two arms as if both had served the same routes, and their difference.

Times are counted in steps of a doubling, which a database can do, and a quantile is interpolated
within its step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiprov_otel.report.statistics.bootstrap import SEED, group_by_arms, index_names, resample
from aiprov_otel.report.statistics.strata import Stratum
from aiprov_otel.telemetry.extra import local_extra

with local_extra():
    import numpy as np

if TYPE_CHECKING:
    from aiprov_otel.report.statistics.bootstrap import Array, Indexes

RESAMPLES: Final = 500
_TAILS: Final = (0.025, 0.975)


@dataclass(frozen=True, slots=True, order=True)
class StepCount:
    """How many calls of a function of one arm in one stratum took a time in one *step*."""

    stratum: Stratum
    exposed: bool
    function: str
    step: int
    calls: float


@dataclass(frozen=True, slots=True)
class Quantiles:
    """
    One quantile of both arms, in steps, and the 95% limits of the difference of their values.

    Attributes:
        exposed: in steps.
        baseline: in steps.
        low: lower limit of the difference of the values, exposed less baseline; None without
            resamples.
        high: upper limit, likewise.
    """

    exposed: float
    baseline: float
    low: float | None
    high: float | None


def quantiles(
    counts: Sequence[StepCount],
    wanted: Sequence[float],
    *,
    doubling: int,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> list[Quantiles] | None:
    """
    Returns each of the *wanted* quantiles of both arms over the strata in which both ran.

    The distributions of the strata are added up with the weights n₁n₀/n, the same for both arms
    (direct standardization, with the weights of Mantel and Haenszel). A doubling has *doubling*
    steps. The limits are percentiles over resamples of whole functions. None if no stratum has both
    arms.

    Source: K. J. Rothman, S. Greenland, T. L. Lash, "Modern Epidemiology", third edition (2008),
    chapter 15 (standardization); A. C. Davison, D. V. Hinkley, "Bootstrap Methods and their
    Application" (1997), section 5.3.1 (percentiles) and 3.8 (clusters).
    """
    rows = sorted(_informative(counts))
    if not rows:
        return None
    histograms = _histograms(rows)
    first = min(row.step for row in rows)
    sample = _standardized(histograms, np.ones((histograms.functions, 1)), wanted)[:, :, 0] + first
    size = 2 * histograms.steps
    drawn = [
        _difference(_standardized(histograms, weights, wanted) + first, doubling)
        for weights in resample(histograms.groups, numbers=size, resamples=resamples, seed=seed)
    ]
    limits: list[list[float | None]] = [[None] * len(wanted)] * 2
    if drawn:
        limits = np.nanquantile(np.concatenate(drawn, axis=1), _TAILS, axis=1).tolist()
    return [
        Quantiles(exposed, baseline, low, high)
        for baseline, exposed, low, high in zip(*sample.tolist(), *limits, strict=True)
    ]


def step_value(steps: float, doubling: int) -> float:
    """Converts a number of *steps* to the unit that was counted."""
    return float(2 ** (steps / doubling))


def _difference(steps: Array, doubling: int) -> Array:
    values = np.exp2(steps / doubling)
    difference: Array = values[1] - values[0]
    return difference


def _informative(counts: Sequence[StepCount]) -> list[StepCount]:
    arms: dict[Stratum, set[bool]] = {}
    for count in counts:
        arms.setdefault(count.stratum, set()).add(count.exposed)
    return [count for count in counts if len(arms[count.stratum]) == 2]


@dataclass(frozen=True, slots=True)
class _Histograms:
    """
    The counts of each stratum and arm, the baseline first.

    Attributes:
        strata: for both arms, the indexes of the functions, and their counts by step.
        groups: the functions by the arms that they ran in.
        steps: how many steps there are.
    """

    strata: list[tuple[tuple[Indexes, Array], tuple[Indexes, Array]]]
    groups: tuple[Indexes, ...]
    steps: int

    @property
    def functions(self) -> int:
        return sum(map(len, self.groups))


def _histograms(rows: Sequence[StepCount]) -> _Histograms:
    function = index_names([row.function for row in rows])
    arm = np.array([row.exposed for row in rows], dtype=np.intp)
    first = min(row.step for row in rows)
    step = np.array([row.step - first for row in rows], dtype=np.intp)
    calls = np.array([row.calls for row in rows], dtype=np.float64)
    stratum = index_names([row.stratum for row in rows])
    steps = max(row.step for row in rows) - first + 1

    def histogram(place: int, side: int) -> tuple[Indexes, Array]:
        here = np.flatnonzero((stratum == place) & (arm == side))
        names = np.unique(function[here])
        table = np.zeros((len(names), steps))
        np.add.at(table, (np.searchsorted(names, function[here]), step[here]), calls[here])
        return names, table

    strata = [
        (histogram(place, 0), histogram(place, 1)) for place in range(len(set(stratum.tolist())))
    ]
    return _Histograms(strata, group_by_arms(function, arm), steps)


def _standardized(histograms: _Histograms, weights: Array, wanted: Sequence[float]) -> Array:
    """Returns the quantile by arm, wanted quantile and resample, in steps since the first."""
    sums = np.zeros((2, histograms.steps, weights.shape[1]))
    for sides in histograms.strata:
        counts = [table.T @ weights[names] for names, table in sides]
        calls = [side.sum(axis=0) for side in counts]
        shared = np.divide(
            calls[0] * calls[1],
            calls[0] + calls[1],
            out=np.zeros(len(calls[0])),
            where=(calls[0] > 0) & (calls[1] > 0),
        )
        for side in (0, 1):
            sums[side] += counts[side] * (shared / np.maximum(calls[side], 1e-9))
    return np.stack([_quantile(sums, share) for share in wanted], axis=1)


def _quantile(sums: Array, share: float) -> Array:
    """Where each column of *sums* reaches *share* of its total; NaN if nothing was drawn."""
    reached = np.cumsum(sums, axis=1)
    total = reached[:, -1:, :]
    target = share * total
    place = (reached < target * (1 - 1e-12)).sum(axis=1, keepdims=True)
    place = np.minimum(place, sums.shape[1] - 1)
    inside = np.take_along_axis(sums, place, axis=1)
    before = np.take_along_axis(reached, place, axis=1) - inside
    with np.errstate(all="ignore"):
        steps: Array = (place + (target - before) / inside)[:, 0, :]
    return np.where(total[:, 0, :] > 0, steps, np.nan)
