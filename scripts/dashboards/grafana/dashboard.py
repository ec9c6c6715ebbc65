"""Panels laid out as a dashboard, in the classic JSON that every Grafana since 9 reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiprov_otel.backends.grafana.panel import Panel
from aiprov_otel.backends.grafana.source import CLICKHOUSE, PROMETHEUS, TEMPO, Source
from aiprov_otel.backends.grafana.variables import Choice, Typed

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
    "asDropdown": True,
    "includeVars": True,
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
        chosen: what the reader narrows it down with, and what the reader types in.
        panels: from the top left, row by row.
        marked: what is drawn over all courses, as Grafana's annotations.
    """

    uid: str
    title: str
    description: str
    chosen: Sequence[Choice | Typed]
    panels: Sequence[Panel]
    marked: Sequence[dict[str, Any]] = ()

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
            "annotations": {"list": list(self.marked)},
            "templating": {"list": list(self._variables())},
            "panels": list(_laid_out(self.panels)),
        }
        return json.dumps(document, indent=2) + "\n"

    def _variables(self) -> Iterator[dict[str, Any]]:
        for source in (PROMETHEUS, TEMPO, CLICKHOUSE):
            if self._asks(source):
                yield source.choice()
        yield from (one.to_json() for one in self.chosen)

    def _asks(self, source: Source) -> bool:
        named = f"${{{source.variable}}}"
        return any(
            one.source is source or named in str(one.link)
            for one in self.panels
            if one.kind != "text"
        )


def _laid_out(panels: Sequence[Panel]) -> Iterator[dict[str, Any]]:
    x = y = height = 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > _COLUMNS:
            x, y, height = 0, y + height, 0
        yield panel.to_json(number, x, y)
        x, height = x + panel.width, max(height, panel.height)
