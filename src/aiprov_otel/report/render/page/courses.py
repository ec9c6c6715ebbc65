"""Numbers over time, drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from aiprov_otel.report.render.page.markup import Markup, joined, tag
from aiprov_otel.report.render.page.parts import percentage
from aiprov_otel.report.render.page.scale import Scale

HEIGHT: Final = 160  # pixels
_EDGE: Final = 8  # above and below the plot


@dataclass(frozen=True, slots=True)
class Series:
    """What one line shows: a number for each part of the time, and how far it reaches up."""

    name: str
    kind: str
    values: Sequence[float | None]
    upto: Sequence[float | None] = ()


def chart(
    label: str, series: Sequence[Series], scale: Scale, ticks: Sequence[str], begins: Sequence[str]
) -> Markup:
    """*series* over the parts that *begins* names; *ticks* are the words for those of *scale*."""
    legend = tag(
        "ul",
        [tag("li", one.name, class_=f"key {one.kind}") for one in series],
        class_="legend",
    )
    labels = [
        tag("text", word, x="100%", y=_up(tick, scale) + 4, text_anchor="end")
        for tick, word in zip(scale.ticks, ticks, strict=True)
    ]
    lines = [
        tag("line", x1="0", x2="100%", y1=_up(tick, scale), y2=_up(tick, scale), class_="grid")
        for tick in scale.ticks
    ]
    drawn = [list(_drawn(one, place, series, scale)) for place, one in enumerate(series)]
    plot = tag("svg", lines, drawn, _dates(begins), width="100%", height=HEIGHT + 24)
    axis = tag("svg", labels, width="100%", height=HEIGHT + 24)
    inside = tag("div", tag("div", axis, class_="scale"), tag("div", plot, class_="plot"))
    return joined(
        legend,
        tag("div", inside, class_="chart", role="img", aria_label=label),
    )


def _up(value: float, scale: Scale) -> float:
    return round(_EDGE + (HEIGHT - 2 * _EDGE) * (1 - scale.at(value) / 100), 1)


def _drawn(one: Series, place: int, every: Sequence[Series], scale: Scale) -> Iterator[Markup]:
    width = 100 / max(len(one.values), 1)
    beside = width * (place - (len(every) - 1) / 2) / 4 if one.upto else 0.0
    across = [percentage(width * (n + 0.5) + beside) for n in range(len(one.values))]
    points = [None if value is None else _up(value, scale) for value in one.values]
    if not one.upto:
        yield from _joined(across, points, one.kind)
    for n, high in enumerate(one.upto):
        if high is not None:
            top = _up(high, scale)
            yield tag(
                "line", x1=across[n], x2=across[n], y1=points[n], y2=top, class_=f"reach {one.kind}"
            )
    for x, y in zip(across, points, strict=True):
        if y is not None:
            yield tag("circle", cx=x, cy=y, r=3, class_=f"point {one.kind}")


def _joined(across: Sequence[str], points: Sequence[float | None], kind: str) -> Iterator[Markup]:
    for (x1, y1), (x2, y2) in pairwise(zip(across, points, strict=True)):
        if y1 is not None and y2 is not None:
            yield tag("line", x1=x1, x2=x2, y1=y1, y2=y2, class_=f"course {kind}")


def _dates(begins: Sequence[str]) -> Iterator[Markup]:
    last = len(begins) - 1
    for n, anchor in ((0, "start"), (last // 2, "middle"), (last, "end")):
        if n or anchor == "start":
            place = 100 if anchor == "end" else 100 * (n + 0.5 * (anchor == "middle")) / len(begins)
            yield tag(
                "text", moment(begins[n], begins), x=percentage(place), y=HEIGHT + 16,
                text_anchor=anchor,
            )  # fmt: skip


def moment(begin: str, begins: Sequence[str]) -> str:
    """*begin*, RFC 3339, as short as tells it from the other *begins*."""
    if begins[0][:10] != begins[-1][:10]:
        return f"{begin[5:10]} {begin[11:16]}"
    apart = len({one[:16] for one in begins}) == len(begins)
    return begin[11:16] if apart else begin[11:19]
