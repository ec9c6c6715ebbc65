"""The variables at the head of a dashboard: lists to choose from, and boxes to type into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from dashboards.grafana.data_sources import CLICKHOUSE, PROMETHEUS, Source


@dataclass(frozen=True, slots=True)
class QueryVariable:
    """
    A list of what a query returns, to choose one or several from.

    Attributes:
        name: of the variable.
        label: on the page.
        query: in the language of *source*.
        source: the data source to query.
        several: whether several can be chosen; "All" is the default then.
    """

    name: str
    label: str
    query: str
    source: Source = PROMETHEUS
    several: bool = True

    def to_json(self) -> dict[str, Any]:
        """Returns the variable as Grafana reads it."""
        promql = self.source is PROMETHEUS
        return {
            "type": "query",
            "name": self.name,
            "label": self.label,
            "datasource": self.source.reference,
            "query": {"query": self.query, "refId": "A"} if promql else self.query,
            "refresh": 2,
            "sort": 1,
            "multi": self.several,
            "includeAll": self.several,
            **self._all(),
        }

    def _all(self) -> dict[str, Any]:
        """Returns what "All" stands for: in SQL each name, elsewhere a regular expression."""
        if not self.several:
            return {}
        pattern = {} if self.source is CLICKHOUSE else {"allValue": ".*"}
        return pattern | {"current": {"text": "All", "value": "$__all"}}


@dataclass(frozen=True, slots=True)
class TextVariable:
    """A text box: the *name* of the variable, its *label*, and its default."""

    name: str
    label: str
    value: str

    def to_json(self) -> dict[str, Any]:
        """Returns the variable as Grafana reads it."""
        return {
            "type": "textbox",
            "name": self.name,
            "label": self.label,
            "query": self.value,
            "current": {"text": self.value, "value": self.value},
        }


BUDGET: Final = TextVariable("budget", "Share of requests that may fail", "0.001")
FORGE: Final = TextVariable("forge", "Commits on your forge", "https://github.com/ORG/REPO/commit")
