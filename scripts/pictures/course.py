"""A course in time, drawn."""

from __future__ import annotations

import html
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from pictures.look import NAMED, color_of, said
from pictures.results import Series
from pictures.staged import MINUTES

_LEFT: Final = 66
Layer: TypeAlias = tuple[Series, dict[float, float] | None]
"""A course, and that which it lies on."""


def course(
    panel: dict[str, Any], courses: list[Series], marks: Sequence[float], wide: int, high: int
) -> str:
    """The *courses* of *panel*, with *marks* across, on so many pixels."""
    if not courses:
        return "<p class=none>no data</p>"
    defaults = panel["fieldConfig"]["defaults"]
    custom = defaults["custom"]
    courses = sorted(courses, key=lambda one: one.name)
    stacked = custom["stacking"]["mode"] == "normal"
    drawn: list[Layer] = [(one, None) for one in courses]
    if stacked:
        drawn = list(_stacked(courses))
    decades = _decades(courses) if custom["scaleDistribution"]["type"] == "log" else 0
    plane = Plane(wide, high - 22, decades, _most(drawn))
    parts = list(_axes(plane, defaults["unit"]))
    for number, (one, below) in reversed(list(enumerate(drawn))):
        draw = _bars_up if custom["drawStyle"] == "bars" else _line
        parts.append(draw(one, below, color_of(panel, one.name, number), plane))
    parts += _lines_across(defaults, plane)
    parts += [_path(f"M{plane.x(at):.0f} 6V{plane.bottom}", "#fade2a", "4 3") for at in marks]
    legend = "".join(
        f'<span><b style="color:{color_of(panel, one.name, number)}">━</b> '
        f"{html.escape(one.name)}</span> "
        for number, one in enumerate(courses)
    )
    svg = f'<svg width="{wide}" height="{high - 22}">{"".join(parts)}</svg>'
    return f"{svg}<div class=legend>{legend}</div>"


@dataclass(frozen=True)
class Plane:
    """Where a time and a value are, up to *most*, over so many *decades* or in proportion."""

    wide: int
    high: int
    decades: float
    most: float
    end: float = field(default_factory=time.time)

    @property
    def bottom(self) -> int:
        """Where the axis of time is."""
        return self.high - 18

    def x(self, at: float) -> float:
        """Of a time."""
        return _LEFT + (1 + (at - self.end) / (MINUTES * 60)) * (self.wide - _LEFT - 4)

    def y(self, value: float) -> float:
        """Of a value."""
        part = value / self.most
        if self.decades:
            part = 1 + math.log10(part) / self.decades
        return self.bottom - part * (self.bottom - 6)


def _decades(courses: list[Series]) -> float:
    values = [value for one in courses for value in one.points.values() if value > 0]
    return math.log10(max(values) / min(values)) + 0.15


def _most(drawn: list[Layer]) -> float:
    return max([value for one, _ in drawn for value in one.points.values()] or [1]) * 1.08 or 1


def _stacked(courses: list[Series]) -> Iterator[Layer]:
    below: dict[float, float] = dict.fromkeys({at for one in courses for at in one.points}, 0.0)
    for one in courses:
        top = {at: below[at] + one.points.get(at, 0) for at in sorted(below)}
        yield Series(one.name, top), dict(below)
        below = top


def _line(one: Series, below: dict[float, float] | None, color: str, plane: Plane) -> str:
    points = _points(one.points, plane)
    line = f'<polyline points="{" ".join(points)}" fill="none" stroke="{color}"/>'
    if below is None:
        return line
    area = " ".join([*points, *reversed(_points(below, plane))])
    return f'<polygon points="{area}" fill="{color}" fill-opacity=".4"/>{line}'


def _points(points: dict[float, float], plane: Plane) -> list[str]:
    return [f"{plane.x(at):.1f},{plane.y(value):.1f}" for at, value in sorted(points.items())]


def _bars_up(one: Series, below: dict[float, float] | None, color: str, plane: Plane) -> str:
    return "".join(
        f'<rect x="{plane.x(at):.1f}" y="{plane.y(value):.1f}" width="5" fill="{color}" '
        f'height="{plane.y((below or {}).get(at, 0)) - plane.y(value):.1f}"/>'
        for at, value in one.points.items()
    )


def _lines_across(defaults: Any, plane: Plane) -> list[str]:
    if defaults["custom"]["thresholdsStyle"]["mode"] == "off":
        return []
    return [
        _path(f"M{_LEFT} {plane.y(one['value']):.1f}H{plane.wide}", NAMED[one["color"]], "6 4")
        for one in defaults["thresholds"]["steps"]
        if one["value"] is not None and one["value"] <= plane.most
    ]


def _path(way: str, color: str, dashes: str = "") -> str:
    return f'<path d="{way}" stroke="{color}" stroke-dasharray="{dashes}"/>'


def _axes(plane: Plane, unit: str) -> Iterator[str]:
    tenths = [10**-number for number in range(math.ceil(plane.decades))]
    parts = tenths or [0, 0.25, 0.5, 0.75, 1]
    for part in parts:
        y = plane.y(plane.most * part)
        yield _path(f"M{_LEFT} {y:.0f}H{plane.wide}", "#2c3235")
        yield _said_at(_LEFT - 5, y + 4, "end", said(plane.most * part, unit))
    hour = 3_600
    last = int(plane.end // hour) * hour
    for at in range(last, last - MINUTES * 60 + hour, -hour):
        name = time.strftime("%H:%M", time.gmtime(at))
        yield _said_at(plane.x(at), plane.bottom + 14, "middle", name)


def _said_at(x: float, y: float, anchor: str, text: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{text}</text>'
