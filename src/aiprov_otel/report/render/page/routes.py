"""The ratio of each route that both sides serve: a forest plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiprov_otel.report.render.page.intervals import Interval, intervals
from aiprov_otel.report.render.page.markup import Markup, tag
from aiprov_otel.report.render.page.parts import section

if TYPE_CHECKING:
    from aiprov_otel.report.report import Report
    from aiprov_otel.report.trends import RouteRatio

_MOST: Final = 25


def routes(report: Report) -> Markup | None:
    """The routes with most errors, below the ratio of all; None where there is no ratio of all."""
    adjusted = report.verdict.adjusted_ratio
    if not adjusted:
        return None
    all_of_them = Interval("All", adjusted.value, adjusted.low, adjusted.high, main=True)
    baseline = report.verdict.baseline
    rows = [all_of_them, *(_row(one, baseline) for one in report.routes[:_MOST])]
    words = (
        "Below each route, errors of calls. Limits by route are rough: as of independent errors, "
        "widened by how bunched all errors are. The more routes there are, the likelier is one "
        "that stands out by chance."
    )
    hidden = len(report.routes) - _MOST
    return section(
        "routes",
        "By route",
        tag("p", words, class_="quiet"),
        intervals("Errors a call, as a multiple.", rows, baseline),
        tag("p", f"{hidden} more routes with fewer errors are in --json.") if hidden > 0 else None,
    )


def _row(one: RouteRatio, baseline: str) -> Interval:
    counts = (
        f"{one.service}, {one.kind}s; AI {one.exposed_errors:,.0f} of {one.exposed_calls:,.0f}, "
        f"{baseline} {one.baseline_errors:,.0f} of {one.baseline_calls:,.0f}"
    )
    return Interval(one.route, one.ratio, one.low, one.high, counts)
