"""What may be said, and what it depends on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiprov_otel.report.render.page.intervals import Interval, intervals
from aiprov_otel.report.render.page.markup import Content, Markup, tag
from aiprov_otel.report.render.page.parts import section

if TYPE_CHECKING:
    from aiprov_otel.report.comparison import Adjusted
    from aiprov_otel.report.report import Report

_NAMES = (
    "On the same routes",
    "… and of the same age",
    "… line-level evidence only",
)


def verdict(report: Report) -> Markup:
    """The verdict in words, its interval, and beside it those of other ways to compare."""
    said = report.verdict
    drawn: Content = None
    if said.adjusted_ratio:
        caption = "Errors a call of AI-written code, as a multiple."
        drawn = intervals(caption, list(_rows(report, said.adjusted_ratio)), said.baseline)
    return section(
        "verdict",
        "Is AI-written code associated with more errors?",
        tag("p", said.text, class_="verdict"),
        drawn,
        tag("p", *_rests_on(said.adjusted_ratio), class_="quiet"),
        tag("p", report.before_after.text) if report.before_after.changed else None,
    )


def _rests_on(adjusted: Adjusted | None) -> Iterator[str]:
    if adjusted is None:
        yield "Without a ratio as a whole, none is given by route, by commit or over time either. "
    else:
        yield (
            f"{adjusted.informative_share:.0%} of the calls ran where both did. "
            f"{adjusted.failing[0]} AI-written functions failed there, and {adjusted.failing[1]} "
            f"of the baseline. {adjusted.method}. "
        )
    yield "What is shown was observed; it says nothing of causes."


def _rows(report: Report, adjusted: Adjusted) -> Iterator[Interval]:
    for place, (name, one) in enumerate(zip(_NAMES, report.comparisons, strict=False)):
        found = one.adjusted
        if found:
            yield Interval(name, found.value, found.low, found.high, main=not place)
        else:
            yield Interval(name, None, note=one.reason or "")
    if (check := adjusted.check) is not None:
        yield Interval("By regression (quasi-Poisson)", check.value, check.low, check.high)
    if (turned := report.before_after.ratio) is not None:
        yield Interval("Before and after they changed hands", turned.value, turned.low, turned.high)
    if crude := report.verdict.crude_ratio:
        yield Interval("Crude", crude, note="all routes together, not adjusted")
