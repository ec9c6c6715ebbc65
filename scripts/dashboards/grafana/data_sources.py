"""The data sources of panels, and the query of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Source:
    """
    A data source that the reader chooses; dashboards name none.

    Attributes:
        plugin: Grafana's name of its kind.
        variable: the variable of the dashboard that holds the choice.
        label: of that variable, on the page.
    """

    plugin: str
    variable: str
    label: str

    @property
    def reference(self) -> dict[str, str]:
        """Returns the reference that panels and queries hold."""
        return {"type": self.plugin, "uid": f"${{{self.variable}}}"}

    def choice(self) -> dict[str, Any]:
        """Returns the variable."""
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
    """Returns a query of Prometheus; with *dots*, exemplars are shown too."""
    return {
        "expr": expr,
        "legendFormat": legend,
        "range": over_time,
        "instant": not over_time,
        "exemplar": dots,
        "format": "table" if table else "time_series",
    }


def traceql(query: str) -> dict[str, Any]:
    """Returns a query of Tempo: for one number per series where it counts, else for spans."""
    return {
        "queryType": "traceql",
        "query": query,
        "metricsQueryType": "instant",
        "tableType": "spans",
        "limit": 20,
    }


def sql(statement: str, *, over_time: bool) -> dict[str, Any]:
    """Returns a query of ClickHouse."""
    return {
        "rawSql": statement,
        "editorType": "sql",
        "queryType": "timeseries" if over_time else "table",
        "format": 0 if over_time else 1,
    }
