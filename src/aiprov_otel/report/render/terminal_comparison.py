"""How AI-written code compares, in a terminal: what the verdict rests on, and where it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import log2
from typing import TYPE_CHECKING, Final

from aiprov_otel.format import short_hash
from aiprov_otel.report.render.tables import Column, milliseconds, show_table
from aiprov_otel.telemetry.extra import local_extra

with local_extra():
    from rich.console import Console
    from rich.text import Text

if TYPE_CHECKING:
    from aiprov_otel.report.comparison import Adjusted, Comparison
    from aiprov_otel.report.excess import Excess
    from aiprov_otel.report.latency import Latency
    from aiprov_otel.report.report import Report
    from aiprov_otel.report.trends import Moment, RouteRatio

_BARS: Final = "▁▂▃▄▅▆▇█"
_MOST: Final = 10  # rows of a table

_LATENCY: Final = (
    Column("time", 10, number=False),
    Column("quantile", 9),
    Column("AI ms", 7),
    Column("baseline ms", 6),
    Column("difference ms", 8),
    Column("95% limits", 5),
)
_EXCESS: Final = (
    Column("AI-written", 10, number=False),
    Column("model", 4, number=False),
    Column("commit", 3, number=False),
    Column("age", 5),
    Column("calls", 2),
    Column("errors", 8),
    Column("expected", 7),
    Column("excess", 9),
    Column("rough limits", 6),
)
_ROUTES: Final = (
    Column("route", 10, number=False),
    Column("kind", 3, number=False),
    Column("service", 2, number=False),
    Column("AI errors", 7),
    Column("AI calls", 5),
    Column("baseline errors", 6),
    Column("baseline calls", 4),
    Column("ratio", 9),
    Column("rough limits", 8),
)


def show_comparison(report: Report, out: Console) -> None:
    """Print what the verdict of *report* rests on: nothing where there is none but the verdict."""
    adjusted = report.verdict.adjusted_ratio
    if adjusted:
        for line in _rests_on(adjusted, report.comparisons[1:]):
            out.print(line)
    if report.before_after.changed:
        out.print(report.before_after.text)
    if adjusted and (course := sparkline(report.over_time)):
        out.print(course)


def show_details(report: Report, out: Console) -> None:
    """
    Print where it shows: latency, and the functions, exceptions and routes with the excess.

    What the data can't tell as a whole is not told in parts either.
    """
    if any(one.low is not None for one in report.latency):
        times = map(_latency, report.latency)
        show_table(out, "Time of a call on the same routes", times, _LATENCY)
    if not report.verdict.adjusted_ratio:
        return
    excess = (("functions", report.excess.functions), ("exceptions", report.excess.exceptions))
    for kind, rows in excess:
        beyond = [_excess(row) for row in rows if row.excess > 0][:_MOST]
        show_table(out, f"AI-written {kind} beyond the baseline of their routes", beyond, _EXCESS)
    show_table(out, "Routes that both serve", map(_route, report.routes[:_MOST]), _ROUTES)


def sparkline(moments: Sequence[Moment]) -> str | None:
    """The ratio over time in one line; None with fewer than two parts that have one."""
    ratios = [moment.ratio for moment in moments]
    known = [log2(ratio) for ratio in ratios if ratio]
    if len(known) < 2:
        return None
    low, high = min(*known, 0), max(*known, 0)
    bars = "".join(_bar(ratio, low, high) for ratio in ratios)
    return (
        f"Ratio over time: {bars}  {2 ** min(known):.2g} to {2 ** max(known):.2g}, from "
        f"{moments[0].begin} on; 1 is {_bar(1, low, high)}"
    )


def _bar(ratio: float | None, low: float, high: float) -> str:
    if not ratio:
        return " " if ratio is None else _BARS[0]
    place = (log2(ratio) - low) / (high - low) if high > low else 0.5
    return _BARS[round(place * (len(_BARS) - 1))]


def _rests_on(adjusted: Adjusted, others: Iterable[Comparison]) -> Iterator[str]:
    yield (
        f"{adjusted.informative_share:.0%} of the calls ran where both did; "
        f"{adjusted.failing[0]} AI-written functions failed there, and {adjusted.failing[1]} of "
        "the baseline."
    )
    for one in others:
        yield f"Within {one.name}: {_ratio(one.adjusted) if one.adjusted else one.reason}"
    if (check := adjusted.check) is not None:
        yield (
            f"By regression: {check.value:.2g}, quasi-Poisson limits {check.low:.2g} to "
            f"{check.high:.2g}, dispersion {check.dispersion:.2g}."
        )


def _ratio(adjusted: Adjusted) -> str:
    return f"{adjusted.value:.2g} (95% limits {adjusted.low:.2g} to {adjusted.high:.2g})."


def _latency(one: Latency) -> list[str | Text]:
    limits = "" if one.low is None else f"{milliseconds(one.low)} to {milliseconds(one.high)}"
    return [
        one.time,
        f"p{one.quantile * 100:.0f}",
        milliseconds(one.exposed_ms),
        milliseconds(one.baseline_ms),
        milliseconds(one.difference_ms),
        limits,
    ]


def _excess(one: Excess) -> list[str | Text]:
    return [
        one.name or "unknown",
        one.model or "",
        short_hash(one.commit or ""),
        "" if one.age_days is None else f"{one.age_days} d",
        f"{one.calls:,.0f}",
        f"{one.errors:,.0f}",
        f"{one.expected:,.1f}",
        f"{one.excess:,.1f}",
        f"{one.low:,.1f} to {one.high:,.1f}",
    ]


def _route(one: RouteRatio) -> list[str | Text]:
    return [
        one.route,
        one.kind,
        one.service,
        f"{one.exposed_errors:,.0f}",
        f"{one.exposed_calls:,.0f}",
        f"{one.baseline_errors:,.0f}",
        f"{one.baseline_calls:,.0f}",
        "" if one.ratio is None else f"{one.ratio:.2g}",
        "" if one.low is None else f"{one.low:.2g} to {one.high:.2g}",
    ]
