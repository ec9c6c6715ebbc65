"""A panel of a dashboard: what it shows, and the JSON that Grafana reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["stat", "timeseries", "bargauge", "table", "text"]

PROMETHEUS: Final = {"type": "prometheus", "uid": "${prometheus}"}
"""The data source that the reader chose; never one by its name."""

_COLORS: Final = {"ai": "purple", "human": "blue", "mixed": "orange", "unknown": "text"}


@dataclass(frozen=True, slots=True)
class Panel:
    """
    What one panel shows.

    Attributes:
        title: what is seen, with what it is by.
        description: how to read it, and what it does not say.
        kind: of panel.
        expr: the PromQL; of a panel of text, the Markdown.
        unit: Grafana's name of it.
        legend: of a series, with its labels in double braces.
        width: of the 24 columns.
        height: in rows.
        stacked: the series add up to something.
        link: address behind a value, and its title.
    """

    title: str
    description: str
    kind: Kind
    expr: str
    unit: str = "short"
    legend: str = ""
    width: int = 8
    height: int = 8
    stacked: bool = False
    link: tuple[str, str] | None = None

    def to_json(self, number: int, x: int, y: int) -> dict[str, Any]:
        """The panel as the *number*th of its dashboard, at column *x* and row *y*."""
        common = {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
        }
        if self.kind == "text":
            return common | {"options": {"mode": "markdown", "content": self.expr}}
        return common | {
            "datasource": PROMETHEUS,
            "targets": [self._target()],
            "fieldConfig": {"defaults": self._defaults(), "overrides": _overrides()},
            "options": _OPTIONS[self.kind],
            **({"transformations": _AS_COLUMNS} if self.kind == "table" else {}),
        }

    def _target(self) -> dict[str, Any]:
        over_time = self.kind == "timeseries"
        return {
            "refId": "A",
            "datasource": PROMETHEUS,
            "expr": self.expr,
            "legendFormat": self.legend,
            "range": over_time,
            "instant": not over_time,
            "exemplar": over_time and not self.stacked,
            "format": "table" if self.kind == "table" else "time_series",
        }

    def _defaults(self) -> dict[str, Any]:
        url, title = self.link or ("", "")
        return {
            "unit": self.unit,
            "min": 0,
            "noValue": "no data",
            "color": {"mode": "palette-classic"},
            "links": [{"title": title, "url": url, "targetBlank": True}] if url else [],
            "custom": _stacking(self.stacked) if self.kind == "timeseries" else {},
        }


def _stacking(stacked: bool) -> dict[str, Any]:
    mode = "normal" if stacked else "none"
    return {"stacking": {"mode": mode, "group": "A"}, "fillOpacity": 30 if stacked else 0}


def _overrides() -> list[dict[str, Any]]:
    """An origin has the same color wherever it is shown."""
    return [
        {
            "matcher": {"id": "byRegexp", "options": f"/^{origin}\\b/"},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": color}}],
        }
        for origin, color in _COLORS.items()
    ]


_AS_COLUMNS: Final = [
    {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": {}}},
    {"id": "sortBy", "options": {"sort": [{"field": "Value", "desc": True}]}},
]
_REDUCED: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "stat": {"reduceOptions": _REDUCED, "graphMode": "none", "colorMode": "none"},
    "bargauge": {"reduceOptions": _REDUCED, "orientation": "horizontal", "displayMode": "basic"},
    "table": {"showHeader": True},
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
}
