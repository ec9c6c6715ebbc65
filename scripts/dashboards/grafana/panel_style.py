"""The looks of panels: colors of origins, headings of labels, and options of each kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dashboards import prometheus_names as names

COUNT: Final = "locale"
"""The unit of counts: all digits, without the fractions that a rate extrapolates at the ends of a
range."""

TIMES: Final = "suffix:x"
"""The unit of a ratio that is read as so many times."""

_COLORS: Final = {"ai": "purple", "human": "blue", "mixed": "orange", "unknown": "#8a919e"}
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
"""The headings of labels in a table, from left to right."""

MAPPINGS: Final = [
    {"type": "value", "options": {name: {"color": color} for name, color in _COLORS.items()}}
]


def override(name: str, key: str, value: object) -> dict[str, Any]:
    """Overrides the default of *key* with *value* for the field *name*."""
    matcher = {"id": "byName", "options": name}
    return {"matcher": matcher, "properties": [{"id": key, "value": value}]}


def digits(unit: str) -> dict[str, int]:
    """Returns the number of decimals of *unit*, where Grafana is not to decide."""
    return {"decimals": 0} if unit == COUNT else {}


def in_unit(name: str, unit: str) -> dict[str, Any]:
    """The column *name* in its *unit*."""
    decimals = [{"id": key, "value": value} for key, value in digits(unit).items()]
    column = override(name, "unit", unit)
    return column | {"properties": [*column["properties"], *decimals]}


ORIGINS: Final = [
    override(name, "color", {"mode": "fixed", "fixedColor": color})
    for name, color in _COLORS.items()
]
"""An origin has the same color wherever it is shown."""

LEGENDS_OF_ORIGINS: Final = {
    f"{{{{{label}}}}}" for label in (names.ORIGIN, names.EXCEPTION_ORIGIN, "raised_by")
}

NARROW: Final = {"minWidth": 50}
"""So many pixels a column has at least: by Grafana's 150, the last may lie beyond the edge."""


def cells(headings: str) -> list[dict[str, Any]]:
    """Returns the same colors for those columns among *headings* that hold origins."""
    return [
        override(name, "custom.cellOptions", {"type": "color-text"})
        for name in ("written by", "raised by")
        if name in headings
    ]


def thresholds(steps: Sequence[tuple[float, str]]) -> dict[str, Any]:
    """Colors values from each of the *steps* on; below the first, the color of text."""
    above = [{"value": value, "color": color} for value, color in steps]
    return {"mode": "absolute", "steps": [{"value": None, "color": "text"}, *above]}


def course(stacked: bool, lined: bool, bars: bool, logarithmic: bool) -> dict[str, Any]:
    """Returns the options that only a time series has."""
    scale = {"type": "log", "log": 10} if logarithmic else {"type": "linear"}
    return {
        "drawStyle": "bars" if bars else "line",
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "fillOpacity": 30 if stacked else 0,
        "showPoints": "never",
        "scaleDistribution": scale,
        "thresholdsStyle": {"mode": "dashed" if lined else "off"},
    }


def headings(queries: Iterable[str]) -> dict[str, str]:
    """Returns the headings of the labels in *queries*, by label."""
    text = "".join(queries)
    return {
        label: heading for label, heading in _HEADINGS.items() if re.search(rf"\b{label}\b", text)
    }


def as_one_table(columns: Mapping[str, str], called: Mapping[str, str]) -> list[dict[str, Any]]:
    """Joins *columns*, sorted by the first, descending; *called* overrides headings of labels."""
    single = len(columns) == 1
    values = ["Value" if single else f"Value #{chr(65 + number)}" for number in range(len(columns))]
    labels = headings(columns.values())
    known = {label: called.get(label, heading) for label, heading in labels.items()}
    named = known | dict(zip(values, columns, strict=True))
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


def options(kind: str, colored: bool, named: bool, several: bool) -> dict[str, Any]:
    """
    Returns the options of a *kind* of panel.

    A stat is *colored* where its color means something, and *named* where it belongs to a label:
    Grafana shows no name beside a single value. *several* values are one below the other: beside
    each other, four of them are too small to be read.
    """
    if kind != "stat":
        return _OPTIONS[kind]
    return _OPTIONS[kind] | {
        "colorMode": "value" if colored else "none",
        "textMode": "value_and_name" if named else "auto",
        **({"orientation": "horizontal", "text": _TEXT} if several else {}),
    }


_TEXT: Final = {"titleSize": 14, "valueSize": 20}
"""In pixels; by itself, Grafana writes two values very large, and four very small."""

_REDUCED: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "stat": {"reduceOptions": _REDUCED, "graphMode": "none"},
    "bargauge": {
        "reduceOptions": _REDUCED,
        "orientation": "horizontal",
        "displayMode": "basic",
        "text": _TEXT,
    },
    "table": {"showHeader": True},
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
}
