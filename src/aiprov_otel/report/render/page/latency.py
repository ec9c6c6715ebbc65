"""The time per call, as if both sides had served the same routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiprov_otel.report.render.page.elements import section, table
from aiprov_otel.report.render.page.markup import Markup, tag
from aiprov_otel.report.render.tables import LATENCY

if TYPE_CHECKING:
    from aiprov_otel.report.report import Report


def latency(report: Report) -> Markup | None:
    """The quantiles of both sides; None if no route has both."""
    if not report.latency:
        return None
    words = (
        "Median and 95th percentile over the routes that both sides serve, in the same mix. Self "
        "time is a call's own, without the spans below it. Its limits are over functions, and need "
        "ten on each side. Inclusive time shows what a call waited for and is not a measure of the "
        "code itself: it is never a verdict."
    )
    return section(
        "latency",
        "Time per call on the same routes",
        tag("p", words, class_="quiet"),
        table("Quantiles in milliseconds", LATENCY, report.latency),
    )
