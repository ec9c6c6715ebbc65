"""Where a value leads, and what is marked in time."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import quote

from aiprov_otel import attributes as keys
from aiprov_otel.backends import names
from aiprov_otel.backends.grafana.source import CLICKHOUSE, PROMETHEUS, TEMPO, Source, sql
from aiprov_otel.backends.names import SpanMetrics

_REVISION: Final = names.label(keys.VCS_REF_HEAD_REVISION)


def traces(query: str, title: str) -> tuple[str, str]:
    """A link to the traces that TraceQL *query* finds, in the time that is shown."""
    tempo = TEMPO.reference["uid"]
    asked = {
        "refId": "A",
        "datasource": TEMPO.reference,
        "queryType": "traceql",
        "query": query,
    }
    shown = {"from": "${__from}", "to": "${__to}"}
    panes = json.dumps({"a": {"datasource": tempo, "queries": [asked], "range": shown}})
    return f"/explore?schemaVersion=1&panes={quote(panes, safe='${}_.:')}", title


def commit(said: str) -> tuple[str, str]:
    """A link to the commit that Grafana's variable *said* holds, on the reader's forge."""
    return f"${{forge}}/${{{said}}}", "the commit"


def one_service(metrics: SpanMetrics) -> tuple[str, str]:
    """A link from a row to the page of its service, and there to the route that was clicked."""
    uid = "aiprov-service-tempo" if metrics is names.TEMPO else "aiprov-service"
    chosen = f"var-service=${{__data.fields.{metrics.service}}}&var-route=${{__value.raw}}"
    return f"/d/{uid}?{chosen}&${{prometheus:queryparam}}&${{__url_time_range}}", "this route"


def deployments(job: str) -> dict[str, Any]:
    """A mark wherever a service that the matcher *job* finds begins to run another revision."""
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
    """The same where ClickHouse finds them by *statement*."""
    return _mark(CLICKHOUSE) | {"target": {"refId": "Anno", **sql(statement, over_time=False)}}


def _mark(source: Source) -> dict[str, Any]:
    return {
        "name": "Deployments",
        "datasource": source.reference,
        "enable": True,
        "iconColor": "yellow",
    }
