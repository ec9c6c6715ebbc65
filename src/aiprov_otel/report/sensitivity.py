"""What could change the ratio: code of unknown origin, chance, and causes nobody measured."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from aiprov_otel.report.comparison import HUMAN, Adjusted, Baseline, VersionCounts
from aiprov_otel.report.statistics.rates import mantel_haenszel
from aiprov_otel.report.statistics.strata import Cell, informative_cells, tallies
from aiprov_otel.values import Origin


@dataclass(frozen=True, slots=True)
class Bounds:
    """
    The ratio if origins were other than recorded; each None if there is none.

    Attributes:
        unknown_share: the share of the compared calls that are of unknown origin.
        unknown_human: if a person wrote every function of unknown origin.
        unknown_ai: if a model did.
        mixed_human: if a person wrote every function of mixed origin.
        mixed_ai: if a model did.
    """

    unknown_share: float | None
    unknown_human: float | None
    unknown_ai: float | None
    mixed_human: float | None
    mixed_ai: float | None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """
    What else could explain the ratio.

    Attributes:
        placebo: the share of permutations of origins within routes with a ratio as extreme.
        e_value: how strongly, as a ratio, a cause that nobody measured must go with origin and with
            errors to explain the ratio alone.
        e_value_limit: the same for the limit nearer to 1; 1 if the limits include 1.
    """

    placebo: float | None
    e_value: float | None
    e_value_limit: float | None


NO_BOUNDS = Bounds(None, None, None, None, None)
NO_SENSITIVITY = Sensitivity(None, None, None)


def bounds(rows: Sequence[VersionCounts], baseline: Baseline, adjusted: Adjusted | None) -> Bounds:
    """
    The ratio within strata for each reading of the unknown and the mixed; nothing if refused.

    Each is the point value: its limits are about as wide as those of *adjusted*.
    """
    if adjusted is None:
        return NO_BOUNDS
    calls = sum(row.calls for row in rows)
    unknown = sum(row.calls for row in rows if row.origin == Origin.UNKNOWN)
    ai, human = {Origin.AI}, set(HUMAN.origins)
    return Bounds(
        unknown / calls if calls else None,
        _ratio(rows, ai, human | {Origin.UNKNOWN}),
        _ratio(rows, ai | {Origin.UNKNOWN}, human),
        _ratio(rows, ai, {*baseline.origins, Origin.MIXED}),
        _ratio(rows, ai | {Origin.MIXED}, baseline.origins),
    )


def _ratio(
    rows: Iterable[VersionCounts], exposed: Collection[str], rest: Collection[str]
) -> float | None:
    cells = [
        Cell(row.stratum, row.origin in exposed, row.function, row.calls, row.errors)
        for row in rows
        if row.origin in exposed or row.origin in rest
    ]
    return mantel_haenszel(tallies(cells).values())


def sensitivity(cells: Sequence[Cell], adjusted: Adjusted | None) -> Sensitivity:
    """The placebo and the E-values of *adjusted*, the ratio of *cells*; nothing if refused."""
    if adjusted is None:
        return NO_SENSITIVITY
    from aiprov_otel.report.statistics.placebo import placebo_share

    includes_one = adjusted.low <= 1 <= adjusted.high
    nearer = adjusted.low if adjusted.value > 1 else adjusted.high
    return Sensitivity(
        placebo_share(informative_cells(cells)),
        e_value(adjusted.value),
        1.0 if includes_one else e_value(nearer),
    )


def e_value(ratio: float) -> float | None:
    """
    The least strength that a hidden cause needs to explain *ratio*; None for a ratio of 0.

    A cause that is so many times as frequent in one arm, and makes errors so many times as
    frequent, could explain it alone; a weaker one could not.

    Source: T. J. VanderWeele, P. Ding, "Sensitivity Analysis in Observational Research: Introducing
    the E-Value", Annals of Internal Medicine 167 (2017), 268-274.
    """
    if ratio <= 0:
        return None
    above = max(ratio, 1 / ratio)
    return above + sqrt(above * (above - 1))
