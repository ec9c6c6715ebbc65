"""Marks in time series: Grafana's annotations."""

from __future__ import annotations

from typing import Any, Final

from aiprov_otel import attributes as keys
from dashboards import prometheus_names as names
from dashboards.grafana.data_sources import CLICKHOUSE, PROMETHEUS, Source, sql

_REVISION: Final = names.label(keys.VCS_REF_HEAD_REVISION)


def deployments(job: str) -> dict[str, Any]:
    """Marks when a service that the matcher *job* selects begins to run another revision."""
    of = f'{{__name__=~"(traces_)?target_info",{job},{_REVISION}!=""}}'
    by = f"group by (job, {_REVISION})"
    expr = f"{by} ({of}) unless {by} ({of} offset 5m)"
    return _mark(PROMETHEUS) | {
        "expr": expr,
        "step": "60s",
        "target": {"refId": "Anno", "expr": expr, "interval": "60s"},
        "titleFormat": "{{job}} runs another revision",
        "textFormat": f"{{{{{_REVISION}}}}}",
    }


def deployments_in(statement: str) -> dict[str, Any]:
    """Marks the deployments that the SQL *statement* finds in ClickHouse."""
    return _mark(CLICKHOUSE) | {"target": {"refId": "Anno", **sql(statement, over_time=False)}}


def _mark(source: Source) -> dict[str, Any]:
    return {
        "name": "Deployments",
        "datasource": source.reference,
        "enable": True,
        "iconColor": "yellow",
    }
