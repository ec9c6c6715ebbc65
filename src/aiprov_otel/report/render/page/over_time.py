"""Errors and self time by origin, over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from aiprov_otel.report.render.page import scale
from aiprov_otel.report.render.page.courses import Series, chart, moment
from aiprov_otel.report.render.page.markup import Content, Markup, joined, tag
from aiprov_otel.report.render.page.parts import Cell, Column, numbers, origin, section, table
from aiprov_otel.report.render.tables import milliseconds
from aiprov_otel.values import Origin

if TYPE_CHECKING:
    from aiprov_otel.report.report import Report
    from aiprov_otel.report.trends import Moment, Pace


def over_time(report: Report) -> Markup | None:
    """The courses of errors a call, of the ratio where there is one, and of self time."""
    parts = [*_errors(report), *_ratio(report), *_self_time(report)]
    return section("over-time", "Over time", parts) if parts else None


def _errors(report: Report) -> Iterator[Markup]:
    moments = report.over_time
    if not moments:
        return
    ai = [_rate(one.exposed_errors, one.exposed_calls) for one in moments]
    rest = [_rate(one.baseline_errors, one.baseline_calls) for one in moments]
    found = scale.shares([value for value in (*ai, *rest) if value is not None])
    series = [Series("ai", "ai", ai), Series(report.verdict.baseline, _baseline(report), rest)]
    begins = [one.begin for one in moments]
    yield tag("h3", "Errors a call")
    yield tag("p", "All routes together, without handlers; not adjusted.", class_="quiet")
    yield chart(
        "Errors a call over time, AI-written code and the baseline; the numbers are below",
        series, found, [f"{100 * tick:.3g}%" for tick in found.ticks], begins,
    )  # fmt: skip
    yield numbers("errors", _moments(moments, begins))


def _rate(errors: float, calls: float) -> float | None:
    return errors / calls if calls else None


def _moments(moments: Sequence[Moment], begins: Sequence[str]) -> Content:
    columns = ("begin (UTC)", "AI errors", "AI calls", "baseline errors", "baseline calls", "ratio")
    rows = [
        [
            Cell(moment(one.begin, begins)),
            Cell(f"{one.exposed_errors:,.0f}"),
            Cell(f"{one.exposed_calls:,.0f}"),
            Cell(f"{one.baseline_errors:,.0f}"),
            Cell(f"{one.baseline_calls:,.0f}"),
            Cell("" if one.ratio is None else f"{one.ratio:.2g}"),
        ]
        for one in moments
    ]
    return table(
        "Errors and calls over time",
        [Column(title, title != columns[0]) for title in columns],
        rows,
    )


def _ratio(report: Report) -> Iterator[Markup]:
    known = [one.ratio for one in report.over_time if one.ratio]
    if not report.verdict.adjusted_ratio or len(known) < 2:
        return
    found = scale.ratios(known)
    series = [Series("ratio", "ratio", [one.ratio or None for one in report.over_time])]
    yield tag("h3", "Ratio on the same routes")
    yield tag("p", "Without limits: read the course, not a single part.", class_="quiet")
    ticks = [f"{tick:g}" if tick >= 1 else f"1/{1 / tick:g}" for tick in found.ticks]
    begins = [one.begin for one in report.over_time]
    yield chart("The adjusted ratio over time; the numbers are above", series, found, ticks, begins)


def _self_time(report: Report) -> Iterator[Markup]:
    begins = sorted({one.begin for one in report.self_time})
    if not begins:
        return
    by_part = {(one.begin, one.origin): one for one in report.self_time}
    names = ("ai", _baseline(report))
    series = [_reach(name, [by_part.get((one, name)) for one in begins]) for name in names]
    values = [value for one in series for value in (*one.values, *one.upto) if value is not None]
    found = scale.times(values)
    yield tag("h3", "Self time of a call")
    yield tag(
        "p",
        "A call's own time, without the spans below it. The dot is the median, the line reaches up "
        "to the 95th percentile. All routes together: not a comparison.",
        class_="quiet",
    )
    ticks = [f"{milliseconds(tick)} ms" for tick in found.ticks]
    label = "Self time over time, AI-written code and the baseline; the numbers are below"
    yield chart(label, series, found, ticks, begins)
    yield numbers("self-time", _paces(report.self_time, begins))


def _baseline(report: Report) -> str:
    """The origin whose color the baseline has."""
    human = report.verdict.baseline == Origin.HUMAN
    return (Origin.HUMAN if human else Origin.UNKNOWN).value


def _reach(name: str, paces: Sequence[Pace | None]) -> Series:
    return Series(
        name,
        name,
        [one.self_p50_ms if one else None for one in paces],
        [one.self_p95_ms if one else None for one in paces],
    )


def _paces(paces: Sequence[Pace], begins: Sequence[str]) -> Content:
    columns = ("begin (UTC)", "origin", "calls", "self p50 ms", "self p95 ms")
    rows = [
        [
            Cell(moment(one.begin, begins)),
            Cell(joined(origin(one.origin))),
            Cell(f"{one.calls:,}"),
            Cell(milliseconds(one.self_p50_ms)),
            Cell(milliseconds(one.self_p95_ms)),
        ]
        for one in paces
    ]
    return table(
        "Self time over time",
        [Column(title, place > 1) for place, title in enumerate(columns)],
        rows,
    )
