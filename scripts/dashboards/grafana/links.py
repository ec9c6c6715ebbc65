"""Links behind the values of panels."""

from __future__ import annotations

import json
from urllib.parse import quote

from dashboards import prometheus_names as names
from dashboards.grafana.data_sources import TEMPO
from dashboards.prometheus_names import SpanMetrics


def traces(query: str, title: str) -> tuple[str, str]:
    """Links to the traces that TraceQL *query* finds within the time range."""
    tempo = TEMPO.reference["uid"]
    target = {
        "refId": "A",
        "datasource": TEMPO.reference,
        "queryType": "traceql",
        "query": query,
    }
    shown = {"from": "${__from}", "to": "${__to}"}
    panes = json.dumps({"a": {"datasource": tempo, "queries": [target], "range": shown}})
    return f"/explore?schemaVersion=1&panes={quote(panes, safe='${}_.:')}", title


def commit(variable: str) -> tuple[str, str]:
    """Links to the commit that Grafana's *variable* holds, on the reader's forge."""
    return f"${{forge}}/${{{variable}:percentencode}}", "the commit"


def one_service(metrics: SpanMetrics) -> tuple[str, str]:
    """Links a row to the dashboard of its service, narrowed to the route that was clicked."""
    uid = "aiprov-service-tempo" if metrics is names.TEMPO else "aiprov-service"
    service = f"${{__data.fields.{metrics.service}:percentencode}}"
    variables = f"var-service={service}&var-route=${{__value.raw:percentencode}}"
    return f"/d/{uid}?{variables}&${{prometheus:queryparam}}&${{__url_time_range}}", "this route"
