"""The counts by origin and model: shares of calls beside shares of errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from aiprov_otel.report.render.page.elements import ORIGINS as ORDER
from aiprov_otel.report.render.page.elements import percentage, section, table
from aiprov_otel.report.render.page.markup import Markup, tag
from aiprov_otel.report.render.tables import MODELS, ORIGINS

if TYPE_CHECKING:
    from aiprov_otel.report.report import Report

_LABEL_WIDTH: Final = 9  # percent of the bar that a short label needs


def origins(report: Report) -> Markup:
    """How much of the calls and errors each origin has, and each model."""
    return section(
        "origins",
        "Share of the calls, share of the errors",
        _bars(report),
        table("By origin of the code, all routes together", ORIGINS, report.arms),
        table("By model, of AI-written and mixed code", MODELS, report.models)
        if report.models
        else None,
    )


def _bars(report: Report) -> Markup:
    if any(comparison.reason == report.verdict.text for comparison in report.comparisons):
        # The verdict was withheld because of how spans were sampled.
        words = (
            "Not comparable: these counts are of the spans that were kept, and failures may have "
            "been kept preferentially."
        )
        return tag("p", words)
    return tag(
        "div",
        _bar("calls", {stats.origin: stats.calls for stats in report.arms}),
        _bar("errors", {stats.origin: stats.errors for stats in report.arms}),
        class_="bars",
    )


def _bar(name: str, counts: dict[str, int]) -> Markup:
    total = sum(counts.values())
    ordered = sorted(counts, key=lambda origin: ORDER.index(origin) if origin in ORDER else 9)
    shares = [(origin, counts[origin] / total) for origin in ordered] if total else []
    words = ", ".join(f"{origin} {share:.0%}" for origin, share in shares)
    bar = tag(
        "svg", list(_parts(shares)), width="100%", height="32", role="img",
        aria_label=f"{name} by origin: {words or 'none'}",
    )  # fmt: skip
    return tag("div", tag("span", f"{total:,} {name}", class_="of"), bar, class_="bar")


def _parts(shares: Sequence[tuple[str, float]]) -> Iterator[Markup]:
    begin = 0.0
    for origin, share in shares:
        width = 100 * share
        yield tag(
            "rect", x=percentage(begin), width=percentage(width), y=0, height=32, class_=origin
        )
        if width >= _LABEL_WIDTH:
            label = f"{origin} {share:.0%}" if width >= 2 * _LABEL_WIDTH else f"{share:.0%}"
            middle = percentage(begin + width / 2)
            yield tag("text", label, x=middle, y=21, text_anchor="middle")
        begin += width
