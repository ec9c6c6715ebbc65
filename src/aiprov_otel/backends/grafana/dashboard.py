"""Panels laid out as a dashboard, in the classic JSON that every Grafana since 9 reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from aiprov_otel.backends.grafana.panel import PROMETHEUS, Panel

_SCHEMA: Final = 39
_COLUMNS: Final = 24
_TAG: Final = "aiprov"
_TO_THE_OTHERS: Final = {
    "type": "dashboards",
    "tags": [_TAG],
    "title": "Code origin",
    "tooltip": "",
    "icon": "external link",
    "url": "",
    "asDropdown": False,
    "includeVars": False,
    "keepTime": True,
    "targetBlank": False,
}


@dataclass(frozen=True, slots=True)
class Dashboard:
    """
    A dashboard.

    Attributes:
        uid: by which links and a second import find it; never changes.
        title: as in the list of dashboards.
        description: what question it answers, and from what.
        chosen: name, label in the page, and query of the variable that narrows it down.
        panels: from the top left, row by row.
        asked: further variables that the reader types in, with their defaults.
    """

    uid: str
    title: str
    description: str
    chosen: tuple[str, str, str]
    panels: Sequence[Panel]
    asked: Sequence[tuple[str, str, str]] = ()

    def text(self) -> str:
        """The file to import."""
        document = {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": [_TAG],
            "schemaVersion": _SCHEMA,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "1m",
            "time": {"from": "now-6h", "to": "now"},
            "links": [_TO_THE_OTHERS],
            "templating": {"list": list(self._variables())},
            "panels": list(_laid_out(self.panels)),
        }
        return json.dumps(document, indent=2) + "\n"

    def _variables(self) -> Iterator[dict[str, Any]]:
        yield {
            "type": "datasource",
            "name": "prometheus",
            "label": "Metrics",
            "query": "prometheus",
        }
        if any(panel.link for panel in self.panels):
            yield {"type": "datasource", "name": "tempo", "label": "Traces", "query": "tempo"}
        name, said, query = self.chosen
        yield {
            "type": "query",
            "name": name,
            "label": said,
            "datasource": PROMETHEUS,
            "query": {"query": query, "refId": "A"},
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": "All", "value": "$__all"},
        }
        for name, said, value in self.asked:
            yield {"type": "textbox", "name": name, "label": said, "query": value}


def traces(query: str, title: str) -> tuple[str, str]:
    """A link to the traces that TraceQL *query* finds, in the time that is shown."""
    tempo = "${tempo}"
    asked = {
        "refId": "A",
        "datasource": {"type": "tempo", "uid": tempo},
        "queryType": "traceql",
        "query": query,
    }
    shown = {"from": "${__from}", "to": "${__to}"}
    panes = json.dumps({"a": {"datasource": tempo, "queries": [asked], "range": shown}})
    return f"/explore?schemaVersion=1&panes={quote(panes, safe='${}_.:')}", title


def _laid_out(panels: Sequence[Panel]) -> Iterator[dict[str, Any]]:
    x = y = height = 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > _COLUMNS:
            x, y, height = 0, y + height, 0
        yield panel.to_json(number, x, y)
        x, height = x + panel.width, max(height, panel.height)
