"""Errors, the ratio and self time over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from aiprov_otel.report.render.page import scale
from aiprov_otel.report.render.page.chart import Series, chart, short_time
from aiprov_otel.report.render.page.elements import numbers, section, table
from aiprov_otel.report.render.page.markup import Markup, tag
from aiprov_otel.report.render.tables import RATIO_OVER_TIME, SELF_TIME_OVER_TIME
from aiprov_otel.report.render.text import milliseconds
from aiprov_otel.values import Origin

if TYPE_CHECKING:
    from aiprov_otel.report.report import Report
    from aiprov_otel.report.trends import SelfTimePoint


def over_time(report: Report) -> Markup | None:
    """Charts of errors per call, of the ratio if there is one, and of self time."""
    content = [*_errors(report), *_ratio(report), *_self_time(report)]
    return section("over-time", "Over time", content) if content else None


def _errors(report: Report) -> Iterator[Markup]:
    points = report.over_time
    if not points:
        return
    ai = [_rate(point.exposed_errors, point.exposed_calls) for point in points]
    rest = [_rate(point.baseline_errors, point.baseline_calls) for point in points]
    axis = scale.shares([value for value in (*ai, *rest) if value is not None])
    series = [Series("ai", "ai", ai), Series(report.verdict.baseline, _baseline(report), rest)]
    begins = [point.begin for point in points]
    yield tag("h3", "Errors per call")
    yield tag("p", "All routes together, without handlers; not adjusted.", class_="quiet")
    yield chart(
        "Errors per call over time, AI-written code and the baseline; the numbers are below",
        series, axis, [f"{100 * tick:.3g}%" for tick in axis.ticks], begins,
    )  # fmt: skip
    shown = [replace(point, begin=short_time(point.begin, begins)) for point in points]
    yield numbers("errors", table("Errors and calls over time", RATIO_OVER_TIME, shown))


def _rate(errors: float, calls: float) -> float | None:
    return errors / calls if calls else None


def _ratio(report: Report) -> Iterator[Markup]:
    ratios = [point.ratio or None for point in report.over_time]
    known = [ratio for ratio in ratios if ratio]
    if not report.verdict.adjusted_ratio or len(known) < 2:
        return
    axis = scale.ratios(known)
    series = [Series("ratio", "ratio", ratios)]
    ticks = [scale.multiple(tick) for tick in axis.ticks]
    begins = [point.begin for point in report.over_time]
    yield tag("h3", "Ratio on the same routes")
    yield tag("p", "Without limits: read the trend, not a single point.", class_="quiet")
    yield chart("The adjusted ratio over time; the numbers are above", series, axis, ticks, begins)


def _self_time(report: Report) -> Iterator[Markup]:
    points = report.self_time
    if not points:
        return
    begins = sorted({point.begin for point in points})
    by_part = {(point.begin, point.origin): point for point in points}
    series = [
        _range(origin, [by_part.get((begin, origin)) for begin in begins])
        for origin in ("ai", _baseline(report))
    ]
    axis = scale.times(
        value for line in series for value in (*line.values, *line.upto) if value is not None
    )
    yield tag("h3", "Self time per call")
    yield tag(
        "p",
        "A call's own time, without the spans below it. The dot is the median, the line extends to "
        "the 95th percentile. All routes together: not a comparison.",
        class_="quiet",
    )
    ticks = [f"{milliseconds(tick)} ms" for tick in axis.ticks]
    label = "Self time over time, AI-written code and the baseline; the numbers are below"
    yield chart(label, series, axis, ticks, begins)
    shown = [replace(point, begin=short_time(point.begin, begins)) for point in points]
    yield numbers("self-time", table("Self time over time", SELF_TIME_OVER_TIME, shown))


def _baseline(report: Report) -> str:
    """The origin whose color the baseline has."""
    human = report.verdict.baseline == Origin.HUMAN
    return (Origin.HUMAN if human else Origin.UNKNOWN).value


def _range(origin: str, points: Sequence[SelfTimePoint | None]) -> Series:
    return Series(
        origin,
        origin,
        [point.self_p50_ms if point else None for point in points],
        [point.self_p95_ms if point else None for point in points],
    )
