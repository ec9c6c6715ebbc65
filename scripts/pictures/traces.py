"""The traces that failed, as Tempo takes them in and answers for them."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from pictures.staged import MINUTES

_KINDS: Final = {"Server": 2, "Internal": 1}


def send(spans: Iterable[dict[str, Any]], to: str) -> int:
    """Give a Tempo those of *spans* that failed, and say how many."""
    failed = [_span(row) for row in spans if row["StatusCode"] == "Error"]
    resource = {"attributes": _attributes({"service.name": "shop"})}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": failed}]}]}
    _ask(f"{to}/v1/traces", json.dumps(body).encode())
    return len(failed)


def counted(address: str, query: str) -> list[tuple[str, float]]:
    """What a *query* counts, by its one label."""
    found = _ask(f"{address}/api/metrics/query?{_asked(query)}").get("series", [])
    return [(one["labels"][0]["value"]["stringValue"], one["value"]) for one in found]


def spans(address: str, query: str) -> list[dict[str, Any]]:
    """The spans that a *query* finds, a row each, as Grafana's table shows them."""
    return [
        {
            "Trace ID": trace["traceID"],
            "Start time": _moment(span),
            "Service": trace["rootServiceName"],
            "Name": trace["rootTraceName"],
            **{one["key"]: one["value"]["stringValue"] for one in span.get("attributes", ())},
        }
        for trace in _ask(f"{address}/api/search?{_asked(query)}")["traces"]
        for span in trace["spanSets"][0]["spans"]
    ]


def _asked(query: str) -> str:
    end = int(time.time())
    said = {"q": query, "start": end - MINUTES * 60, "end": end + 10, "limit": 20}
    return urlencode(said)


def _ask(address: str, body: bytes | None = None) -> Any:
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310 - ours, on this machine
        return json.load(reply)


def _span(row: dict[str, Any]) -> dict[str, Any]:
    begin = datetime.fromisoformat(f"{row['Timestamp'][:19]}+00:00")
    at = int(begin.timestamp()) * 10**9
    return {
        "traceId": row["TraceId"],
        "spanId": row["SpanId"],
        "parentSpanId": row["ParentSpanId"],
        "name": row["SpanName"],
        "kind": _KINDS[row["SpanKind"]],
        "startTimeUnixNano": str(at),
        "endTimeUnixNano": str(at + row["Duration"]),
        "attributes": _attributes(row["SpanAttributes"]),
        "status": {"code": 2},
    }


def _attributes(said: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": text}} for key, text in said.items() if text]


def _moment(span: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(int(span["startTimeUnixNano"]) // 10**9, UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S")
