"""Where a panel asks, and how each kind of data source is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Source:
    """
    A data source that the reader chooses; never one by its name.

    Attributes:
        plugin: Grafana's name of its kind.
        variable: of the dashboard, which holds the choice.
        label: of that variable in the page.
    """

    plugin: str
    variable: str
    label: str

    @property
    def reference(self) -> dict[str, str]:
        """As panels and queries name it."""
        return {"type": self.plugin, "uid": f"${{{self.variable}}}"}

    def choice(self) -> dict[str, Any]:
        """The variable."""
        return {
            "type": "datasource",
            "name": self.variable,
            "label": self.label,
            "query": self.plugin,
        }


PROMETHEUS: Final = Source("prometheus", "prometheus", "Metrics")
TEMPO: Final = Source("tempo", "tempo", "Traces")
CLICKHOUSE: Final = Source("grafana-clickhouse-datasource", "clickhouse", "ClickHouse")


def promql(expr: str, legend: str, *, over_time: bool, table: bool, dots: bool) -> dict[str, Any]:
    """A query of Prometheus; with *dots*, exemplars are shown too."""
    return {
        "expr": expr,
        "legendFormat": legend,
        "range": over_time,
        "instant": not over_time,
        "exemplar": dots,
        "format": "table" if table else "time_series",
    }


def traceql(query: str) -> dict[str, Any]:
    """A query of Tempo: of one number for each series where it counts, else of spans."""
    return {
        "queryType": "traceql",
        "query": query,
        "metricsQueryType": "instant",
        "tableType": "spans",
        "limit": 20,
    }


def sql(statement: str, *, over_time: bool) -> dict[str, Any]:
    """A query of ClickHouse."""
    return {
        "rawSql": statement,
        "editorType": "sql",
        "queryType": "timeseries" if over_time else "table",
        "format": 0 if over_time else 1,
    }
