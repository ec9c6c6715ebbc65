"""The time of a call, as if both sides had served the same routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiprov_otel.report.render.page.markup import Markup, tag
from aiprov_otel.report.render.page.parts import Cell, Column, section, table
from aiprov_otel.report.render.tables import milliseconds

if TYPE_CHECKING:
    from aiprov_otel.report.latency import Latency
    from aiprov_otel.report.report import Report

_NAMES = {
    "self": "self time",
    "inclusive": "inclusive time",
}
_COLUMNS = (
    Column("time", number=False),
    Column("AI ms"),
    Column("baseline ms"),
    Column("difference ms"),
    Column("95% limits"),
)


def latency(report: Report) -> Markup | None:
    """The quantiles of both sides; None where no route has both."""
    if not report.latency:
        return None
    words = (
        "Median and 95th percentile over the routes that both serve, in the same mix. Self time is "
        "a call's own, without the spans below it. Limits are over functions, "
        "and are given where each side has ten. Inclusive time says what a call waited for, and "
        "nothing of the code itself: it is never a verdict."
    )
    rows = [_row(one) for one in report.latency]
    return section(
        "latency",
        "Time of a call on the same routes",
        tag("p", words, class_="quiet"),
        table("Quantiles in milliseconds", _COLUMNS, rows),
    )


def _row(one: Latency) -> list[Cell]:
    limits = "" if one.low is None else f"{milliseconds(one.low)} to {milliseconds(one.high)}"
    return [
        Cell(f"{_NAMES.get(one.time, one.time)}, p{one.quantile * 100:.0f}"),
        Cell(milliseconds(one.exposed_ms)),
        Cell(milliseconds(one.baseline_ms)),
        Cell(milliseconds(one.difference_ms)),
        Cell(limits or "none"),
    ]
