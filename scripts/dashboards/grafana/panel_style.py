"""How panels look: the colors of origins, headings, and the options of each kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiprov_otel import attributes as keys
from aiprov_otel.backends import names

COUNT: Final = "locale"
"""The unit of numbers of things: all digits of them, and none of the parts of a thing that a rate
makes up at the ends of a range."""

TIMES: Final = "suffix:x"
"""The unit of a ratio that is read as so many times."""

_COLORS: Final = {"ai": "purple", "human": "blue", "mixed": "orange", "unknown": "text"}
_HEADINGS: Final = {
    names.COLLECTOR.service: "service",
    names.TEMPO.service: "service",
    "job": "service",
    "span_name": "route",
    names.ERROR_TYPE: "type of error",
    "raised_by": "raised by",
    names.EXCEPTION_ORIGIN: "raised by",
    names.ORIGIN: "written by",
    names.MODEL: "model",
    names.EXCEPTION_MODEL: "model",
}
"""What a reader calls the labels, from left to right."""

MAPPINGS: Final = [
    {"type": "value", "options": {name: {"color": color} for name, color in _COLORS.items()}}
]


def override(name: str, key: str, value: object) -> dict[str, Any]:
    """*value* in the place of the default for what is called *name*."""
    matcher = {"id": "byName", "options": name}
    return {"matcher": matcher, "properties": [{"id": key, "value": value}]}


def digits(unit: str) -> dict[str, int]:
    """How many a number in *unit* has behind the point, where Grafana is not to decide."""
    return {"decimals": 0} if unit == COUNT else {}


def in_unit(name: str, unit: str) -> dict[str, Any]:
    """The column *name* in its *unit*."""
    said = [{"id": key, "value": value} for key, value in digits(unit).items()]
    found = override(name, "unit", unit)
    return found | {"properties": [*found["properties"], *said]}


ORIGINS: Final = [
    override(name, "color", {"mode": "fixed", "fixedColor": color})
    for name, color in _COLORS.items()
]
"""An origin has the same color wherever it is shown."""

CELLS: Final = [
    override(name, "custom.cellOptions", {"type": "color-text"})
    for name in ("written by", "raised by", keys.ERROR_ORIGIN)
]
"""So it has in a table."""


def thresholds(steps: Sequence[tuple[float, str]]) -> dict[str, Any]:
    """From which value on which color; below the first, that of text."""
    above = [{"value": value, "color": color} for value, color in steps]
    return {"mode": "absolute", "steps": [{"value": None, "color": "text"}, *above]}


def course(stacked: bool, lined: bool, bars: bool, logarithmic: bool) -> dict[str, Any]:
    """What is special about a course in time."""
    scale = {"type": "log", "log": 10} if logarithmic else {"type": "linear"}
    return {
        "drawStyle": "bars" if bars else "line",
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "fillOpacity": 30 if stacked else 0,
        "showPoints": "never",
        "scaleDistribution": scale,
        "thresholdsStyle": {"mode": "dashed" if lined else "off"},
    }


def as_one_table(columns: Mapping[str, str], called: Mapping[str, str]) -> list[dict[str, Any]]:
    """The results of *columns* side by side, most of the first on top; labels are *called* so."""
    single = len(columns) == 1
    values = ["Value" if single else f"Value #{chr(65 + number)}" for number in range(len(columns))]
    asked = "".join(columns.values())
    labels = [label for label in _HEADINGS if re.search(rf"\b{label}\b", asked)]
    headings = {**_HEADINGS, **called}
    named = {label: headings[label] for label in labels} | dict(zip(values, columns, strict=True))
    organized = {
        "excludeByName": {"Time": True},
        "indexByName": {name: number for number, name in enumerate(named)},
        "renameByName": named,
    }
    return [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": organized},
        {"id": "sortBy", "options": {"sort": [{"field": next(iter(columns)), "desc": True}]}},
    ]


def options(kind: str, colored: bool, named: bool) -> dict[str, Any]:
    """
    Those of a *kind* of panel.

    A number is *colored* where its color means something, and *named* where it is somebody's,
    which Grafana leaves out of a single one.
    """
    if kind != "stat":
        return _OPTIONS[kind]
    return _OPTIONS[kind] | {
        "colorMode": "value" if colored else "none",
        "textMode": "value_and_name" if named else "auto",
    }


_REDUCED: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "stat": {"reduceOptions": _REDUCED, "graphMode": "none"},
    "bargauge": {"reduceOptions": _REDUCED, "orientation": "horizontal", "displayMode": "basic"},
    "table": {"showHeader": True},
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
}
