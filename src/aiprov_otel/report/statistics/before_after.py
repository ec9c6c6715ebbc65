"""
The same function before and after its lines changed hands, against functions that did not change.

What is common to all functions of a service in that period, such as an outage or a busy day, is
taken out by those that did not change (difference in differences, on the scale of ratios).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiprov_otel.report.statistics.bootstrap import RESAMPLES, SEED, drawings, numbered
from aiprov_otel.report.statistics.rates import Estimate
from aiprov_otel.telemetry.extra import local_extra

with local_extra():
    import numpy as np

if TYPE_CHECKING:
    from aiprov_otel.report.statistics.bootstrap import Array, Places

_TAILS: Final = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Change:
    """
    What a function that changed hands did on one route.

    Attributes:
        function: what makes it the same function everywhere.
        turn: the service, and when the lines changed: what it is compared with.
        before_calls: while they were the baseline's.
        before_errors: likewise.
        after_calls: since they are the exposed arm's.
        after_errors: likewise.
    """

    function: str
    turn: tuple[str, int]
    before_calls: float
    before_errors: float
    after_calls: float
    after_errors: float


@dataclass(frozen=True, slots=True)
class Steady:
    """What a function that did not change did before and after the *turn* of another."""

    function: str
    turn: tuple[str, int]
    before_calls: float
    before_errors: float
    after_calls: float
    after_errors: float


def before_after(
    changes: Sequence[Change],
    steady: Sequence[Steady],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Estimate | None:
    """
    The ratio of error rates, after over before, beyond that of what did not change.

    Each changed function is a stratum of a Mantel-Haenszel ratio, with its calls afterwards
    multiplied by what happened to the rate of the unchanged functions at its turn. The limits are
    percentiles over drawings of whole functions, changed and unchanged. None where it can't be
    computed: nothing changed, or there is no error on a side.

    Source: K. J. Rothman, S. Greenland, T. L. Lash, "Modern Epidemiology", third edition (2008),
    formula 15-20; J. D. Angrist, J.-S. Pischke, "Mostly Harmless Econometrics" (2009), section 5.2,
    for the differences; A. C. Davison, D. V. Hinkley (1997), sections 3.8 and 5.3.1.
    """
    if not changes or not steady:
        return None
    sides = _sides(changes, steady)
    (value,) = _ratio(sides, np.ones((sides.functions, 1)))
    portions = drawings(sides.groups, held=len(changes), resamples=resamples, seed=seed)
    ratios = np.concatenate([_ratio(sides, weights) for weights in portions])
    low, high = np.quantile(np.nan_to_num(ratios, nan=np.inf), _TAILS, method="nearest")
    if not (np.isfinite([value, high]).all() and low > 0):
        return None
    return Estimate(float(value), float(low), float(high))


@dataclass(frozen=True, slots=True)
class _Sides:
    """Columns of counts: before calls and errors, after calls and errors."""

    changed: Array
    changed_function: Places
    changed_turn: Places
    steady: Array
    steady_function: Places
    steady_turn: Places
    groups: tuple[Places, Places]
    turns: int

    @property
    def functions(self) -> int:
        return sum(map(len, self.groups))


def _sides(changes: Sequence[Change], steady: Sequence[Steady]) -> _Sides:
    every: list[Change | Steady] = [*changes, *steady]
    function = numbered([(one.function, isinstance(one, Change)) for one in every])
    turn = numbered([one.turn for one in every])
    counts = np.array(
        [(one.before_calls, one.before_errors, one.after_calls, one.after_errors) for one in every],
        dtype=float,
    )
    first = len(changes)
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


def _counts(one: Change | Steady) -> tuple[float, float, float, float]:
    return one.before_calls, one.before_errors, one.after_calls, one.after_errors


def _ratio(sides: _Sides, weights: Array) -> Array:
    """The ratio of each drawing."""
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
