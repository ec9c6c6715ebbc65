"""The ratio of each route that both sides serve: a forest plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiprov_otel.report.render.page.elements import section
from aiprov_otel.report.render.page.intervals import Interval, intervals
from aiprov_otel.report.render.page.markup import Markup, tag

if TYPE_CHECKING:
    from aiprov_otel.report.report import Report
    from aiprov_otel.report.trends import RouteRatio

_MOST: Final = 25


def routes(report: Report) -> Markup | None:
    """The routes with most errors, below the overall ratio; None without an overall ratio."""
    adjusted = report.verdict.adjusted_ratio
    if not adjusted:
        return None
    overall = Interval("All", adjusted.value, adjusted.low, adjusted.high, main=True)
    baseline = report.verdict.baseline
    rows = [overall, *(_interval(row, baseline) for row in report.routes[:_MOST])]
    words = (
        "Below each route are its errors and calls. The limits by route are rough: as if errors "
        "were independent, then widened by how clustered all errors are. The more routes there "
        "are, the more likely one stands out by chance."
    )
    hidden = len(report.routes) - _MOST
    return section(
        "routes",
        "By route",
        tag("p", words, class_="quiet"),
        intervals("Errors per call of AI-written code, as a multiple.", rows, baseline),
        tag("p", f"{hidden} more routes with fewer errors are in --json.") if hidden > 0 else None,
    )


def _interval(row: RouteRatio, baseline: str) -> Interval:
    counts = (
        f"{row.service}, {row.kind}s; AI {row.exposed_errors:,.0f} of {row.exposed_calls:,.0f}, "
        f"{baseline} {row.baseline_errors:,.0f} of {row.baseline_calls:,.0f}"
    )
    return Interval(row.route, row.ratio, row.low, row.high, counts)
