"""Ratios with their limits, drawn below one another on one scale: a forest plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiprov_otel.report.comparison import HUMAN, NOT_AI
from aiprov_otel.report.render.page.elements import percentage
from aiprov_otel.report.render.page.markup import Markup, tag
from aiprov_otel.report.render.page.scale import Scale, multiple, ratios

_MIDDLE: Final = 14  # pixels, of a row


@dataclass(frozen=True, slots=True)
class Interval:
    """
    One row.

    Attributes:
        label: its heading.
        value: the ratio; None if there is none.
        low: lower limit; None if there are no limits.
        high: upper limit, likewise.
        note: small print below the label.
        main: whether it is the ratio of the verdict.
    """

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    main: bool = False


def intervals(caption: str, rows: Sequence[Interval], baseline: str) -> Markup:
    """Draws *rows* on a scale of doublings around 1, the rate of *baseline*."""
    scale = ratios(
        value for row in rows for value in (row.value, row.low, row.high) if value is not None
    )
    head = tag(
        "tr",
        tag("th", tag("span", "comparison", class_="unseen"), scope="col"),
        tag("th", _beside(_axis(scale), "ratio (limits)"), scope="col"),
    )
    name = HUMAN.name if baseline == HUMAN.key else NOT_AI.name
    legend = f"Below 1: fewer than {name}. Above 1: more."
    return tag(
        "table",
        tag("caption", caption, " ", tag("span", legend, class_="quiet")),
        tag("thead", head),
        tag("tbody", [_row(row, scale) for row in rows]),
        class_="intervals",
    )


def _beside(drawing: Markup, words: str) -> Markup:
    return tag(
        "div",
        tag("div", drawing, class_="track"),
        tag("div", words, class_="words"),
        class_="beside",
    )


def _axis(scale: Scale) -> Markup:
    ticks = [_tick(tick, scale) for tick in scale.ticks]
    return tag("svg", ticks, class_="axis", height="16", width="100%", aria_hidden="true")


def _tick(tick: float, scale: Scale) -> Markup:
    ends = {scale.low: "start", scale.high: "end"}
    anchor = ends.get(tick, "middle")
    place = percentage(scale.at(tick))
    kind = None if tick in {*ends, 1} else "between"
    return tag("text", multiple(tick), x=place, y="12", text_anchor=anchor, class_=kind)


def _row(row: Interval, scale: Scale) -> Markup:
    note = tag("span", row.note, class_="quiet") if row.note else None
    return tag(
        "tr",
        tag("th", row.label, note, scope="row"),
        tag("td", _beside(_drawing(row, scale), _words(row))),
        class_="main" if row.main else None,
    )


def _words(row: Interval) -> str:
    if row.value is None:
        return "no ratio"
    limits = "" if row.low is None or row.high is None else f" ({row.low:.2g} to {row.high:.2g})"
    return f"{row.value:.2g}{limits}"


def _drawing(row: Interval, scale: Scale) -> Markup:
    one = percentage(scale.at(1))
    marks = [tag("line", x1=one, x2=one, y1="0", y2="28", class_="one")]
    if row.low is not None and row.high is not None:
        low, high = percentage(scale.at(row.low)), percentage(scale.at(row.high))
        marks.append(tag("line", x1=low, x2=high, y1=_MIDDLE, y2=_MIDDLE, class_="limits"))
    if row.value:
        kind = "value" if row.low is not None else "value bare"
        marks.append(
            tag("circle", cx=percentage(scale.at(row.value)), cy=_MIDDLE, r=5, class_=kind)
        )
    return tag("svg", marks, height="28", width="100%", aria_hidden="true")
