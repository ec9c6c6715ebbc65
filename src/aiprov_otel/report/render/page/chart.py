"""A line chart of numbers over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from aiprov_otel.report.render.page.elements import percentage
from aiprov_otel.report.render.page.markup import Markup, join, tag
from aiprov_otel.report.render.page.scale import Scale

HEIGHT: Final = 160  # pixels
_EDGE: Final = 8  # above and below the plot


@dataclass(frozen=True, slots=True)
class Series:
    """
    One line of a chart.

    Attributes:
        name: in the legend.
        color: its class in the style sheet.
        values: a number for each part of the time; None leaves a gap.
        upto: how far a bar extends above each value; without any, the values are connected.
    """

    name: str
    color: str
    values: Sequence[float | None]
    upto: Sequence[float | None] = ()


def chart(
    label: str, series: Sequence[Series], scale: Scale, ticks: Sequence[str], begins: Sequence[str]
) -> Markup:
    """Draws *series* over the parts that start at *begins*; *ticks* label those of *scale*."""
    legend = tag(
        "ul",
        [tag("li", line.name, class_=f"key {line.color}") for line in series],
        class_="legend",
    )
    labels = [
        tag("text", word, x="100%", y=_up(tick, scale) + 4, text_anchor="end")
        for tick, word in zip(scale.ticks, ticks, strict=True)
    ]
    grid = [
        tag("line", x1="0", x2="100%", y1=_up(tick, scale), y2=_up(tick, scale), class_="grid")
        for tick in scale.ticks
    ]
    lines = [list(_draw(line, place, len(series), scale)) for place, line in enumerate(series)]
    plot = tag("svg", grid, lines, _dates(begins), width="100%", height=HEIGHT + 24)
    axis = tag("svg", labels, width="100%", height=HEIGHT + 24)
    inside = tag("div", tag("div", axis, class_="scale"), tag("div", plot, class_="plot"))
    return join(legend, tag("div", inside, class_="chart", role="img", aria_label=label))


def _up(value: float, scale: Scale) -> float:
    return round(_EDGE + (HEIGHT - 2 * _EDGE) * (1 - scale.at(value) / 100), 1)


def _draw(line: Series, place: int, lines: int, scale: Scale) -> Iterator[Markup]:
    width = 100 / max(len(line.values), 1)
    shift = width * (place - (lines - 1) / 2) / 4 if line.upto else 0.0  # bars stand side by side
    xs = [percentage(width * (part + 0.5) + shift) for part in range(len(line.values))]
    ys = [None if value is None else _up(value, scale) for value in line.values]
    if not line.upto:
        yield from _connect(xs, ys, line.color)
    for x, y, high in zip(xs, ys, line.upto, strict=False):
        if high is not None:
            top = _up(high, scale)
            yield tag("line", x1=x, x2=x, y1=y, y2=top, class_=f"reach {line.color}")
    for x, y in zip(xs, ys, strict=True):
        if y is not None:
            yield tag("circle", cx=x, cy=y, r=3, class_=f"point {line.color}")


def _connect(xs: Sequence[str], ys: Sequence[float | None], color: str) -> Iterator[Markup]:
    for (x1, y1), (x2, y2) in pairwise(zip(xs, ys, strict=True)):
        if y1 is not None and y2 is not None:
            yield tag("line", x1=x1, x2=x2, y1=y1, y2=y2, class_=f"course {color}")


def _dates(begins: Sequence[str]) -> Iterator[Markup]:
    last = len(begins) - 1
    for part, anchor in ((0, "start"), (last // 2, "middle"), (last, "end")):
        if part or anchor == "start":
            x = {"start": 0.0, "middle": 100 * (part + 0.5) / len(begins), "end": 100.0}[anchor]
            yield tag(
                "text", short_time(begins[part], begins), x=percentage(x), y=HEIGHT + 16,
                text_anchor=anchor,
            )  # fmt: skip


def short_time(begin: str, begins: Sequence[str]) -> str:
    """*begin*, RFC 3339, as short as it can be among *begins*."""
    if begins[0][:10] != begins[-1][:10]:
        return f"{begin[5:10]} {begin[11:16]}"
    by_minute = len({other[:16] for other in begins}) == len(begins)
    return begin[11:16] if by_minute else begin[11:19]
