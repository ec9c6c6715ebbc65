"""How panels look: the colors of origins, headings, and the options of each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiprov_otel.backends import names

_COLORS: Final = {"ai": "purple", "human": "blue", "mixed": "orange", "unknown": "text"}
_HEADINGS: Final = {
    names.COLLECTOR.service: "service",
    "job": "service",
    "span_name": "route",
    names.ORIGIN: "written by",
    names.ERROR_ORIGIN: "raised by",
    names.EXCEPTION_ORIGIN: "raised by",
    names.MODEL: "model",
    names.EXCEPTION_MODEL: "model",
    names.ERROR_TYPE: "type of error",
}
"""What a reader calls the labels; those that say it themselves are not here."""

MAPPINGS: Final = [
    {"type": "value", "options": {name: {"color": color} for name, color in _COLORS.items()}}
]


def override(name: str, key: str, value: object) -> dict[str, Any]:
    """*value* in the place of the default for what is called *name*."""
    matcher = {"id": "byName", "options": name}
    return {"matcher": matcher, "properties": [{"id": key, "value": value}]}


ORIGINS: Final = [
    override(name, "color", {"mode": "fixed", "fixedColor": color})
    for name, color in _COLORS.items()
]
"""An origin has the same color wherever it is shown."""

CELLS: Final = [
    override(name, "custom.cellOptions", {"type": "color-text"})
    for name in ("written by", "raised by")
]
"""So it has in a table."""


def thresholds(steps: Sequence[tuple[float, str]]) -> dict[str, Any]:
    """From which value on which color; below the first, that of text."""
    above = [{"value": value, "color": color} for value, color in steps]
    return {"mode": "absolute", "steps": [{"value": None, "color": "text"}, *above]}


def course(stacked: bool, lined: bool) -> dict[str, Any]:
    """What is special about a course in time."""
    return {
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "fillOpacity": 30 if stacked else 0,
        "showPoints": "never",
        "thresholdsStyle": {"mode": "dashed" if lined else "off"},
    }


def as_one_table(columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """The results of the queries of *columns* side by side, most of the first on top."""
    values = [f"Value #{chr(ord('A') + number)}" for number in range(len(columns))]
    headings = {name: said for name, said in _HEADINGS.items() if name in "".join(columns.values())}
    single = {"Value": next(iter(columns))} if len(columns) == 1 else {}
    renamed = headings | single | dict(zip(values, columns, strict=True))
    return [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": renamed}},
        {"id": "sortBy", "options": {"sort": [{"field": next(iter(columns)), "desc": True}]}},
    ]


def options(kind: str, colored: bool) -> dict[str, Any]:
    """Those of a *kind* of panel; numbers are *colored* where a color means something."""
    if kind == "stat":
        return _OPTIONS[kind] | {"colorMode": "value" if colored else "none"}
    return _OPTIONS[kind]


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
