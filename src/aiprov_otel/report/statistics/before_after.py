"""
The same function before and after its origin changed, against functions that did not change.

What affects all functions of a service in that period, such as an outage or a busy day, is removed
by those that did not change (difference in differences, on the scale of ratios).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiprov_otel.report.statistics.bootstrap import RESAMPLES, SEED, index_names, resample
from aiprov_otel.report.statistics.rates import Estimate
from aiprov_otel.telemetry.extra import local_extra

with local_extra():
    import numpy as np

if TYPE_CHECKING:
    from aiprov_otel.report.statistics.bootstrap import Array, Indexes

_TAILS: Final = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class BeforeAfterCounts:
    """
    Calls and errors of a function before and after a turn.

    Attributes:
        function: its identity across routes.
        turn: the service, and the part of the time in which the origin of functions changed.
        before_calls: of a changed function, while its code belonged to the baseline.
        before_errors: likewise.
        after_calls: of a changed function, since its code belongs to the exposed arm.
        after_errors: likewise.
    """

    function: str
    turn: tuple[str, int]
    before_calls: float
    before_errors: float
    after_calls: float
    after_errors: float


def before_after_ratio(
    changed: Sequence[BeforeAfterCounts],
    steady: Sequence[BeforeAfterCounts],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Estimate | None:
    """
    The ratio of error rates, after over before, beyond that of the *steady* functions.

    Each changed function is a stratum of a Mantel-Haenszel ratio, with its calls afterwards
    multiplied by what happened to the rate of the steady functions at its turn. The limits are
    percentiles over resamples of whole functions, changed and steady. None if nothing changed, or
    a side has no error.

    Source: K. J. Rothman, S. Greenland, T. L. Lash, "Modern Epidemiology", third edition (2008),
    formula 15-20; J. D. Angrist, J.-S. Pischke, "Mostly Harmless Econometrics" (2009), section 5.2,
    for the differences; A. C. Davison, D. V. Hinkley (1997), sections 3.8 and 5.3.1.
    """
    if not changed or not steady:
        return None
    sides = _sides(changed, steady)
    (value,) = _ratio(sides, np.ones((sides.functions, 1)))
    batches = resample(sides.groups, numbers=len(changed), resamples=resamples, seed=seed)
    ratios = np.concatenate([_ratio(sides, weights) for weights in batches])
    low, high = np.quantile(np.nan_to_num(ratios, nan=np.inf), _TAILS, method="nearest")
    if not (np.isfinite([value, high]).all() and low > 0):
        return None
    return Estimate(float(value), float(low), float(high))


@dataclass(frozen=True, slots=True)
class _Sides:
    """Columns of counts: before calls and errors, after calls and errors."""

    changed: Array
    changed_function: Indexes
    changed_turn: Indexes
    steady: Array
    steady_function: Indexes
    steady_turn: Indexes
    groups: tuple[Indexes, Indexes]
    turns: int

    @property
    def functions(self) -> int:
        return sum(map(len, self.groups))


def _sides(changed: Sequence[BeforeAfterCounts], steady: Sequence[BeforeAfterCounts]) -> _Sides:
    rows = [*changed, *steady]
    first = len(changed)
    function = index_names([(row.function, place < first) for place, row in enumerate(rows)])
    turn = index_names([row.turn for row in rows])
    counts = np.array(
        [(row.before_calls, row.before_errors, row.after_calls, row.after_errors) for row in rows],
        dtype=float,
    )
    return _Sides(
        counts[:first],
        function[:first],
        turn[:first],
        counts[first:],
        function[first:],
        turn[first:],
        (np.unique(function[:first]), np.unique(function[first:])),
        len(set(turn.tolist())),
    )


def _ratio(sides: _Sides, weights: Array) -> Array:
    """The ratio of each resample."""
    usual = np.zeros((4, sides.turns, weights.shape[1]))
    drawn = weights[sides.steady_function]
    for column in range(4):
        np.add.at(usual[column], sides.steady_turn, sides.steady[:, column, None] * drawn)
    with np.errstate(all="ignore"):
        trend = (usual[3] / usual[2]) / (usual[1] / usual[0])
        before_calls, before_errors, after_calls, after_errors = sides.changed.T[:, :, None]
        expected = after_calls * trend[sides.changed_turn]
        shared = weights[sides.changed_function] / (before_calls + expected)
        top = np.nansum(shared * after_errors * before_calls, axis=0)
        bottom = np.nansum(shared * before_errors * expected, axis=0)
        ratios: Array = top / bottom
    return ratios
