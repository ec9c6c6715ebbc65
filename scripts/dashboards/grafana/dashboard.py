"""Panels laid out as a dashboard, in the classic JSON that every Grafana since 9 reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboards.grafana.data_sources import CLICKHOUSE, PROMETHEUS, TEMPO, Source
from dashboards.grafana.panel import Panel
from dashboards.grafana.variables import QueryVariable, TextVariable

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
        uid: identifies it in links and when it is imported again; never changes.
        title: in the list of dashboards.
        description: which question it answers, and from which data.
        variables: what the reader chooses or types in.
        panels: from the top left, row by row.
        annotations: what is drawn over all time series.
    """

    uid: str
    title: str
    description: str
    variables: Sequence[QueryVariable | TextVariable]
    panels: Sequence[Panel]
    annotations: Sequence[dict[str, Any]] = ()

    def text(self) -> str:
        """Returns the file to import."""
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
            "annotations": {"list": list(self.annotations)},
            "templating": {"list": list(self._variables_to_json())},
            "panels": list(_laid_out(self.panels)),
        }
        return json.dumps(document, indent=2) + "\n"

    def _variables_to_json(self) -> Iterator[dict[str, Any]]:
        for source in (PROMETHEUS, TEMPO, CLICKHOUSE):
            if self._uses(source):
                yield source.choice()
        yield from (variable.to_json() for variable in self.variables)

    def _uses(self, source: Source) -> bool:
        reference = f"${{{source.variable}}}"
        return any(
            panel.source is source or reference in str(panel.link)
            for panel in self.panels
            if panel.kind != "text"
        )


def _laid_out(panels: Sequence[Panel]) -> Iterator[dict[str, Any]]:
    x = y = height = 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > _COLUMNS:
            x, y, height = 0, y + height, 0
        yield panel.to_json(number, x, y)
        x, height = x + panel.width, max(height, panel.height)
