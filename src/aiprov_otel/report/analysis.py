"""What the report says beyond counts, from the answers of the prepared tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aiprov_otel.report import sql
from aiprov_otel.report.comparison import Comparison, Counted, comparisons
from aiprov_otel.report.excess import Carriers, carriers
from aiprov_otel.report.latency import INCLUSIVE, SELF, Latency, latency
from aiprov_otel.report.origin_change import BeforeAfter, before_after
from aiprov_otel.report.trends import (
    PARTS,
    Moment,
    Pace,
    RouteRatio,
    Timed,
    by_route,
    moments,
    paces,
)
from aiprov_otel.report.verdict import Arm, Verdict, sides, verdict

if TYPE_CHECKING:
    from aiprov_otel.telemetry.source import Reader


@dataclass(frozen=True, slots=True)
class Analysis:
    """
    How AI-written code compares, where, when, and what carries the difference.

    Attributes:
        verdict: what may be said.
        comparisons: that of the verdict, and two that show what it depends on.
        routes: the routes that both serve, each with its own ratio.
        over_time: the ratio in parts of the time.
        self_time: by origin, in the same parts.
        before_after: functions that changed hands.
        latency: quantiles of the time of a call on the same routes.
        excess: what carries the excess errors.
    """

    verdict: Verdict
    comparisons: tuple[Comparison, ...]
    routes: tuple[RouteRatio, ...]
    over_time: tuple[Moment, ...]
    self_time: tuple[Pace, ...]
    before_after: BeforeAfter
    latency: tuple[Latency, ...]
    excess: Carriers


def analysis(reader: Reader, by_origin: Iterable[Arm]) -> Analysis:
    """
    Compare, with what *reader* has prepared.

    Raises:
        StoreError: the store can't be read.
    """
    arms = sides(by_origin)
    rows = sorted((Counted(*row) for row in reader.query(sql.query("cells"))), key=repr)
    made = comparisons(rows, arms)
    begin, end = _period(reader)
    width = (end - begin) // PARTS + 1
    timed = [
        Timed(min(max(int(part), 0), PARTS - 1), *row)  # an error ends later than it began
        for part, *row in sorted(reader.query(sql.query("over_time", begin=begin, width=width)))
    ]
    check = made[0].adjusted.check if made[0].adjusted else None
    return Analysis(
        verdict(by_origin, made[0]),
        made,
        by_route(arms.cells(rows), check.dispersion if check else 1),
        moments(timed, arms, begin, width),
        paces(reader.query(sql.query("self_time", begin=begin, width=width)), begin, width),
        before_after(rows, timed, arms),
        (
            *latency(reader.query(sql.query("histogram", column="SelfMs")), arms, SELF),
            *latency(reader.query(sql.query("histogram", column="Ms")), arms, INCLUSIVE),
        ),
        carriers(rows, reader.query(sql.query("types")), arms, end),
    )


def allowed(found: Analysis, refused: str | None) -> Analysis:
    """*found*, without any ratio where a verdict is *refused*, for the reason that it says."""
    if refused is None:
        return found
    said = replace(found.verdict, crude_ratio=None, adjusted_ratio=None, text=refused)
    none = tuple(replace(one, adjusted=None, reason=refused) for one in found.comparisons)
    return replace(
        found,
        verdict=said,
        comparisons=none,
        routes=(),
        over_time=(),
        before_after=BeforeAfter(None, 0, 0, refused),
        latency=(),
        excess=Carriers(),
    )


def _period(reader: Reader) -> tuple[int, int]:
    ((begin, end),) = reader.query(sql.query("period"))
    return begin or 0, end or 0
