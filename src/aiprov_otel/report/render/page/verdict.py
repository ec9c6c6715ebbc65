"""The verdict, and what it depends on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aiprov_otel.report.render.page.elements import section
from aiprov_otel.report.render.page.intervals import Interval, intervals
from aiprov_otel.report.render.page.markup import Markup, tag
from aiprov_otel.report.render.sentences import (
    counted,
    other_explanations,
    other_readings,
    shared_calls,
)

if TYPE_CHECKING:
    from aiprov_otel.report.comparison import Adjusted
    from aiprov_otel.report.report import Report

_LABELS: Final = ("On the same routes", "… and of the same age", "… line-level evidence only")
"""Of the comparisons, in their order."""


def verdict(report: Report) -> Markup:
    """The verdict in words, its interval, and those of other ways to compare."""
    adjusted, chart = report.verdict.adjusted_ratio, None
    basis = "Without an overall ratio, there is none by route, by commit or over time either."
    if adjusted:
        caption = "Errors per call of AI-written code, as a multiple."
        chart = intervals(caption, list(_rows(report, adjusted)), report.verdict.baseline)
        basis = f"{shared_calls(adjusted)} {adjusted.method}."
    return section(
        "verdict",
        "Is AI-written code associated with more errors?",
        tag("p", report.verdict.text, class_="verdict"),
        tag("p", counted(report.counts)),
        chart,
        *(tag("p", sentence) for sentence in _what_could_change_it(report)),
        tag("p", f"{basis} These are observations; they don't show causes.", class_="quiet"),
        tag("p", report.before_after.text) if report.before_after.changed else None,
    )


def _what_could_change_it(report: Report) -> Iterator[str]:
    yield from filter(None, (other_readings(report.bounds), other_explanations(report.sensitivity)))


def _rows(report: Report, adjusted: Adjusted) -> Iterator[Interval]:
    for place, (label, comparison) in enumerate(zip(_LABELS, report.comparisons, strict=False)):
        if other := comparison.adjusted:
            yield Interval(label, other.value, other.low, other.high, main=not place)
        else:
            yield Interval(label, None, note=comparison.reason or "")
    for service in report.services:
        if other := service.adjusted:
            yield Interval(f"In {service.name} alone", other.value, other.low, other.high)
        else:
            yield Interval(f"In {service.name} alone", None, note=service.reason or "")
    if (check := adjusted.check) is not None:
        yield Interval("By regression (quasi-Poisson)", check.value, check.low, check.high)
    if (change := report.before_after.ratio) is not None:
        yield Interval("Before and after a change", change.value, change.low, change.high)
    if crude := report.verdict.crude_ratio:
        yield Interval("Crude", crude, note="all routes together, not adjusted")
