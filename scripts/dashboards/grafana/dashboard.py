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
        from_traces: further panels, below a heading, for who has Tempo.
        folded: they are folded away, and ask nothing, until the reader opens them.
    """

    uid: str
    title: str
    description: str
    variables: Sequence[QueryVariable | TextVariable]
    panels: Sequence[Panel]
    annotations: Sequence[dict[str, Any]] = ()
    from_traces: Sequence[Panel] = ()
    folded: bool = False

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
            "panels": self._panels_to_json(),
        }
        return json.dumps(document, indent=2) + "\n"

    def _variables_to_json(self) -> Iterator[dict[str, Any]]:
        for source in (PROMETHEUS, TEMPO, CLICKHOUSE):
            if self._uses(source):
                yield source.choice()
        yield from (variable.to_json() for variable in self.variables)

    def _panels_to_json(self) -> list[dict[str, Any]]:
        panels = list(_laid_out(self.panels))
        if not self.from_traces:
            return panels
        top = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in panels)
        number = len(panels) + 1
        inner = list(_laid_out(self.from_traces, top + 1, number + 1))
        row = {
            "id": number,
            "type": "row",
            "title": "Which commits? From traces in Tempo",
            "collapsed": self.folded,
            "gridPos": {"x": 0, "y": top, "w": _COLUMNS, "h": 1},
            "panels": inner if self.folded else [],
        }
        return [*panels, row, *([] if self.folded else inner)]

    def _uses(self, source: Source) -> bool:
        reference = f"${{{source.variable}}}"
        return any(
            panel.source is source or reference in str(panel.link)
            for panel in (*self.panels, *self.from_traces)
            if panel.kind != "text"
        )


def _laid_out(panels: Sequence[Panel], y: int = 0, first: int = 1) -> Iterator[dict[str, Any]]:
    x = height = 0
    for number, panel in enumerate(panels, first):
        if x + panel.width > _COLUMNS:
            x, y, height = 0, y + height, 0
        yield panel.to_json(number, x, y)
        x, height = x + panel.width, max(height, panel.height)
