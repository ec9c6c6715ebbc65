"""The comparisons of a report, computed from its temporary tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aiprov_otel.report import sql
from aiprov_otel.report.comparison import Comparison, VersionCounts, compare_services, comparisons
from aiprov_otel.report.excess import ExcessBreakdown, break_down_excess
from aiprov_otel.report.latency import INCLUSIVE, SELF, Latency, compare_latency
from aiprov_otel.report.origin_change import BeforeAfter, compare_before_after
from aiprov_otel.report.sensitivity import (
    NO_BOUNDS,
    NO_SENSITIVITY,
    Bounds,
    Sensitivity,
    bounds,
    sensitivity,
)
from aiprov_otel.report.trends import (
    PARTS,
    PartCounts,
    RatioPoint,
    RouteRatio,
    SelfTimePoint,
    ratio_by_route,
    ratio_over_time,
    self_time_over_time,
)
from aiprov_otel.report.verdict import OriginStats, Verdict, baseline_of, compared_stats, verdict

if TYPE_CHECKING:
    from aiprov_otel.telemetry.source import Reader


@dataclass(frozen=True, slots=True)
class Analysis:
    """
    How AI-written code compares: overall, by route, over time, and what has the difference.

    Attributes:
        verdict: the conclusion that the data allow.
        comparisons: the comparison behind the verdict, and two that show what it depends on.
        services: the same within each service; empty if there is only one.
        bounds: the ratio for other readings of the unknown and the mixed.
        sensitivity: what else could explain the ratio.
        routes: the routes that both sides serve, each with its own ratio.
        over_time: the ratio in each part of the time.
        self_time: by origin, in the same parts.
        before_after: functions whose origin changed.
        latency: quantiles of the time per call on the same routes.
        excess: what has the excess errors.
    """

    verdict: Verdict
    comparisons: tuple[Comparison, ...]
    services: tuple[Comparison, ...]
    bounds: Bounds
    sensitivity: Sensitivity
    routes: tuple[RouteRatio, ...]
    over_time: tuple[RatioPoint, ...]
    self_time: tuple[SelfTimePoint, ...]
    before_after: BeforeAfter
    latency: tuple[Latency, ...]
    excess: ExcessBreakdown


def analyze(reader: Reader, by_origin: Sequence[OriginStats]) -> Analysis:
    """
    Compares AI-written code with the baseline of *by_origin*.

    Raises:
        StoreError: the store can't be read.
    """
    baseline = baseline_of(by_origin)
    escaped = sum(stats.errors for stats in by_origin)
    rows = sorted((VersionCounts(*row) for row in reader.query(sql.query("cells"))), key=repr)
    compared = comparisons(rows, baseline)
    ((begin, end),) = reader.query(sql.query("period"))
    begin, end = begin or 0, end or 0
    width = (end - begin) // PARTS + 1
    by_part = [
        PartCounts(min(max(int(part), 0), PARTS - 1), *row)  # an error ends later than it began
        for part, *row in sorted(reader.query(sql.query("over_time", begin=begin, width=width)))
    ]
    check = compared[0].adjusted.check if compared[0].adjusted else None
    self_time = reader.query(sql.query("self_time", begin=begin, width=width))
    self_times = reader.query(sql.query("histogram", column="SelfMs"))
    inclusive_times = reader.query(sql.query("histogram", column="Ms"))
    return Analysis(
        verdict(compared_stats(rows), baseline, compared[0], escaped),
        compared,
        compare_services(rows, baseline),
        bounds(rows, baseline, compared[0].adjusted),
        sensitivity(baseline.cells(rows), compared[0].adjusted),
        ratio_by_route(baseline.cells(rows), check.dispersion if check else 1),
        ratio_over_time(by_part, baseline, begin, width),
        self_time_over_time(self_time, begin, width),
        compare_before_after(rows, by_part, baseline),
        (
            *compare_latency(self_times, baseline, SELF),
            *compare_latency(inclusive_times, baseline, INCLUSIVE),
        ),
        break_down_excess(rows, reader.query(sql.query("types")), baseline, end),
    )


def withhold_ratios(analysis: Analysis, reason: str) -> Analysis:
    """Returns *analysis* without any ratio, and *reason* in the place of its verdict."""
    refused = replace(analysis.verdict, crude_ratio=None, adjusted_ratio=None, text=reason)
    return replace(
        analysis,
        verdict=refused,
        comparisons=_withheld(analysis.comparisons, reason),
        services=_withheld(analysis.services, reason),
        bounds=NO_BOUNDS,
        sensitivity=NO_SENSITIVITY,
        routes=(),
        over_time=(),
        before_after=BeforeAfter(None, 0, 0, reason),
        latency=(),
        excess=ExcessBreakdown(),
    )


def _withheld(comparisons: Sequence[Comparison], reason: str) -> tuple[Comparison, ...]:
    return tuple(replace(comparison, adjusted=None, reason=reason) for comparison in comparisons)
