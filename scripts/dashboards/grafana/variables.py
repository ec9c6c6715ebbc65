"""What a reader chooses or types in at the head of a dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from aiprov_otel.backends.grafana.source import CLICKHOUSE, PROMETHEUS, Source


@dataclass(frozen=True, slots=True)
class Choice:
    """
    One or several of what a query finds.

    Attributes:
        name: of the variable.
        label: in the page.
        query: in the language of *source*.
        source: what is asked.
        several: all is a choice too, and the default.
    """

    name: str
    label: str
    query: str
    source: Source = PROMETHEUS
    several: bool = True

    def to_json(self) -> dict[str, Any]:
        """As Grafana has it."""
        asked = {"query": self.query, "refId": "A"} if self.source is PROMETHEUS else self.query
        return {
            "type": "query",
            "name": self.name,
            "label": self.label,
            "datasource": self.source.reference,
            "query": asked,
            "refresh": 2,
            "sort": 1,
            "multi": self.several,
            "includeAll": self.several,
            **self._all(),
        }

    def _all(self) -> dict[str, Any]:
        """What all of them are: in SQL each by its name, elsewhere a regular expression."""
        if not self.several:
            return {}
        pattern = {} if self.source is CLICKHOUSE else {"allValue": ".*"}
        return pattern | {"current": {"text": "All", "value": "$__all"}}


@dataclass(frozen=True, slots=True)
class Typed:
    """What the reader types in: the *name* of the variable, its *label*, and its default."""

    name: str
    label: str
    value: str

    def to_json(self) -> dict[str, Any]:
        """As Grafana has it."""
        return {
            "type": "textbox",
            "name": self.name,
            "label": self.label,
            "query": self.value,
            "current": {"text": self.value, "value": self.value},
        }


BUDGET: Final = Typed("budget", "Share of requests that may fail", "0.001")
FORGE: Final = Typed("forge", "Commits on your forge", "https://github.com/ORG/REPO/commit")
