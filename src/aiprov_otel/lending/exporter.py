"""
Sends spans to the receiver of `aiprov run`: OTLP over HTTP in JSON, by the standard library alone.

OpenTelemetry's own exporters bring protobuf, requests and three more packages. A service may have
another version of each, or behave differently because it is there.
"""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, SpanKind, format_span_id, format_trace_id

_PATH: Final = "/v1/traces"
_HEADERS: Final = {"Content-Type": "application/json"}
_TIMEOUT: Final = 10.0  # seconds
_PAUSES: Final = (0.2, 1.0, 3.0)  # before each further attempt, while the receiver is busy
_ENTRIES: Final = {SpanKind.SERVER, SpanKind.CONSUMER}


class LocalExporter(SpanExporter):
    """Posts spans to *endpoint*; calls *first_request* with the first server or consumer span."""

    def __init__(self, endpoint: str, first_request: Callable[[ReadableSpan], None]) -> None:
        self._address = urlsplit(endpoint).netloc
        self._first_request: Callable[[ReadableSpan], None] | None = first_request

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send *spans*; FAILURE if the receiver did not take them."""
        body = json.dumps(encode(spans)).encode()
        for pause in (0.0, *_PAUSES):
            time.sleep(pause)
            status = self._post(body)
            if status == http.client.OK:
                self._report(spans)
                return SpanExportResult.SUCCESS
            if status != http.client.SERVICE_UNAVAILABLE:
                break
        return SpanExportResult.FAILURE

    def _post(self, body: bytes) -> int | None:
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT)
        try:
            connection.request("POST", _PATH, body, _HEADERS)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):  # the run is over
            return None
        finally:
            connection.close()

    def _report(self, spans: Sequence[ReadableSpan]) -> None:
        entry = next((span for span in spans if span.kind in _ENTRIES), None)
        if entry and (report := self._first_request):
            self._first_request = None
            report(entry)


class LateProcessor(SpanProcessor):
    """
    A BatchSpanProcessor that starts its thread with the first span.

    Until then the application may replace what threads are made of: gevent's `monkey.patch_all()`
    breaks a thread that began before, and complains of it at each fork.
    """

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._batch: BatchSpanProcessor | None = None
        self._early: deque[ReadableSpan] = deque()
        self._first = Lock()

    def on_end(self, span: ReadableSpan) -> None:
        """Pass *span* on; the first call starts the thread."""
        if (batch := self._batch) is not None:
            batch.on_end(span)
            return
        self._early.append(span)
        # Nobody waits for this lock: to start a thread of gevent's lets others run meanwhile.
        if self._first.acquire(blocking=False):
            self._batch = BatchSpanProcessor(self._exporter)
        if (batch := self._batch) is not None:  # else who starts it passes on what is early
            with suppress(IndexError):
                while True:
                    batch.on_end(self._early.popleft())

    def shutdown(self) -> None:
        """Send what waits, and end the thread."""
        if self._batch is not None:
            self._batch.shutdown()  # type: ignore[no-untyped-call]  # the SDK's

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return self._batch is None or self._batch.force_flush(timeout_millis)


class PassingProcessor(SpanProcessor):
    """Passes spans of another provider on to *processor*, which does not end with that provider."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._processor = processor

    def on_end(self, span: ReadableSpan) -> None:
        """Pass *span* on."""
        self._processor.on_end(span)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return self._processor.force_flush(timeout_millis)


def encode(spans: Sequence[ReadableSpan]) -> dict[str, Any]:
    """*spans* as an ExportTraceServiceRequest in the JSON encoding of protobuf."""
    resources: dict[Any, dict[Any, list[ReadableSpan]]] = {}
    for span in spans:
        scopes = resources.setdefault(span.resource, {})
        scopes.setdefault(span.instrumentation_scope, []).append(span)
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(resource.attributes)},
                "scopeSpans": [
                    {
                        "scope": {"name": scope.name, "version": scope.version or ""}
                        if scope
                        else {},
                        "spans": [_span(span) for span in each],
                    }
                    for scope, each in scopes.items()
                ],
            }
            for resource, scopes in resources.items()
        ]
    }


def _span(span: ReadableSpan) -> dict[str, Any]:
    return {
        **_ids(span.context),
        "parentSpanId": format_span_id(span.parent.span_id) if span.parent else "",
        "name": span.name,
        "kind": span.kind.value + 1,  # 0 is "unspecified" in the protocol
        "startTimeUnixNano": str(span.start_time or 0),
        "endTimeUnixNano": str(span.end_time or 0),
        "attributes": _attributes(span.attributes),
        "events": [
            {
                "timeUnixNano": str(event.timestamp),
                "name": event.name,
                "attributes": _attributes(event.attributes),
            }
            for event in span.events
        ],
        "links": [
            {**_ids(link.context), "attributes": _attributes(link.attributes)}
            for link in span.links
        ],
        "status": {
            "code": span.status.status_code.value,
            "message": span.status.description or "",
        },
    }


def _ids(context: SpanContext) -> dict[str, str]:
    return {
        "traceId": format_trace_id(context.trace_id),
        "spanId": format_span_id(context.span_id),
        "traceState": context.trace_state.to_header(),
    }


def _attributes(attributes: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    return list(_pairs(attributes or {}))


def _pairs(attributes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for key, value in attributes.items():
        yield {"key": key, "value": _value(value)}


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            # NaN and the infinities are words in the protocol, and are not JSON.
            finite = value - value == 0
            return {"doubleValue": value if finite else _WORDS.get(str(value), str(value))}
        case str():
            return {"stringValue": value}
        case bytes():
            return {"bytesValue": base64.b64encode(value).decode()}
        case Mapping():
            return {"kvlistValue": {"values": _attributes(value)}}
        case Sequence():
            return {"arrayValue": {"values": [_value(each) for each in value]}}
        case None:
            return {}
        case _:
            return {"stringValue": str(value)}


_WORDS: Final = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
