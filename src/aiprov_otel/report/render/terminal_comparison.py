"""The comparison in a terminal: what the verdict depends on, and where the difference is."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from typing import TYPE_CHECKING, Final

from aiprov_otel.report.excess import above_expected
from aiprov_otel.report.render.sentences import (
    other_explanations,
    other_readings,
    shared_calls,
)
from aiprov_otel.report.render.tables import (
    EXCESS_EXCEPTIONS,
    EXCESS_FUNCTIONS,
    LATENCY,
    ROUTES,
)
from aiprov_otel.report.render.terminal_table import show_table
from aiprov_otel.telemetry.extra import local_extra

with local_extra():
    from rich.console import Console

if TYPE_CHECKING:
    from aiprov_otel.report.comparison import Comparison
    from aiprov_otel.report.report import Report
    from aiprov_otel.report.trends import RatioPoint

_BARS: Final = "▁▂▃▄▅▆▇█"
_MOST: Final = 10  # rows of a table


def show_comparison(report: Report, out: Console) -> None:
    """Prints what the verdict of *report* depends on; nothing without a ratio or a change."""
    adjusted = report.verdict.adjusted_ratio
    if adjusted:
        out.print(shared_calls(adjusted))
        for sentence in (other_readings(report.bounds), other_explanations(report.sensitivity)):
            if sentence:
                out.print(sentence)
        for other in report.comparisons[1:]:
            out.print(f"Within {other.name}: {_result(other)}")
        if (check := adjusted.check) is not None:
            out.print(
                f"By regression: {check.value:.2g}, quasi-Poisson limits {check.low:.2g} to "
                f"{check.high:.2g}, dispersion {check.dispersion:.2g}."
            )
    for service in report.services:
        out.print(f"In {service.name} alone: {_result(service)}")
    if report.before_after.changed:
        out.print(report.before_after.text)
    if adjusted and (line := sparkline(report.over_time)):
        out.print(line)


def show_details(report: Report, out: Console) -> None:
    """
    Prints latency, and the functions, exceptions and routes with the excess.

    Without an overall ratio there are no ratios of parts.
    """
    if any(row.low is not None for row in report.latency):
        show_table(out, "Time per call on the same routes", report.latency, LATENCY)
    if not report.verdict.adjusted_ratio:
        return
    for kind, rows, columns in (
        ("functions", report.excess.functions, EXCESS_FUNCTIONS),
        ("exceptions", report.excess.exceptions, EXCESS_EXCEPTIONS),
    ):
        title = f"AI-written {kind} above the baseline of their routes"
        show_table(out, title, above_expected(rows, _MOST), columns)
    show_table(out, "Routes that both sides serve", report.routes[:_MOST], ROUTES)


def sparkline(points: Sequence[RatioPoint]) -> str | None:
    """The ratio over time in one line; None with fewer than two ratios."""
    ratios = [point.ratio for point in points]
    logarithms = [log2(ratio) for ratio in ratios if ratio]
    if len(logarithms) < 2:
        return None
    low, high = min(*logarithms, 0), max(*logarithms, 0)
    bars = "".join(_bar(ratio, low, high) for ratio in ratios)
    return (
        f"Ratio over time: {bars}  {2 ** min(logarithms):.2g} to {2 ** max(logarithms):.2g}, "
        f"since {points[0].begin}; 1 is {_bar(1, low, high)}"
    )


def _bar(ratio: float | None, low: float, high: float) -> str:
    if not ratio:
        return " " if ratio is None else _BARS[0]
    place = (log2(ratio) - low) / (high - low) if high > low else 0.5
    return _BARS[round(place * (len(_BARS) - 1))]


def _result(comparison: Comparison) -> str:
    if (adjusted := comparison.adjusted) is None:
        return comparison.reason or ""
    return f"{adjusted.value:.2g} (95% limits {adjusted.low:.2g} to {adjusted.high:.2g})."
