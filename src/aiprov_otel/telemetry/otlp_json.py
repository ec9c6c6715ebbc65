"""An OTLP request in JSON as rows of the store, without a detour over protobuf; pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel.telemetry.anyvalue import string
from aiprov_otel.telemetry.otlp import KINDS, LATEST, STATUSES, Row, chosen_by, named

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue

_TRACE_ID: Final = 32  # digits
_SPAN_ID: Final = 16
_HEXADECIMAL: Final = frozenset("0123456789abcdef")
_KIND: Final = {f"SPAN_KIND_{name.upper()}": name for name in KINDS}
_STATUS: Final = {f"STATUS_CODE_{name.upper()}": name for name in STATUSES}

_Object = Mapping[str, Any]


def json_rows(request: bytes) -> Iterator[Row | None]:
    """
    A row for each span of *request*, an ExportTraceServiceRequest in JSON; None for one that has
    no valid id.

    Source: OpenTelemetry protocol 1.x, "JSON Protobuf Encoding": keys in lowerCamelCase, ids in
    hexadecimal, enums as numbers, 64-bit integers as strings.

    Raises:
        ValueError: it is no such document.
    """
    try:
        document = json.loads(request)
        return iter([row for one in _all(document, "resourceSpans") for row in _of_resource(one)])
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise ValueError("this is no ExportTraceServiceRequest in JSON") from error


def _of_resource(spans: _Object) -> Iterator[Row | None]:
    resource = _strings(spans.get("resource") or {})
    for scope in _all(spans, "scopeSpans"):
        for span in _all(scope, "spans"):
            yield _row(span, scope.get("scope") or {}, resource)


def _row(span: _Object, scope: _Object, resource: dict[str, str]) -> Row | None:
    trace, one = _id(span.get("traceId"), _TRACE_ID), _id(span.get("spanId"), _SPAN_ID)
    if not trace or not one:
        return None
    start, end = int(span.get("startTimeUnixNano", 0)), int(span.get("endTimeUnixNano", 0))
    events, links, status = _all(span, "events"), _all(span, "links"), span.get("status") or {}
    return Row(
        timestamp=min(start, LATEST),
        trace_id=trace,
        span_id=one,
        parent_span_id=_id(span.get("parentSpanId"), _SPAN_ID),
        trace_state=str(span.get("traceState", "")),
        span_name=str(span.get("name", "")),
        span_kind=_named(KINDS, _KIND, span.get("kind", 0)),
        service_name=resource.get("service.name", ""),
        resource_attributes=resource,
        scope_name=str(scope.get("name", "")),
        scope_version=str(scope.get("version", "")),
        span_attributes=chosen_by(_strings(scope)) | _strings(span),
        duration=max(end - start, 0),
        status_code=_named(STATUSES, _STATUS, status.get("code", 0)),
        status_message=str(status.get("message", "")),
        event_timestamps=[min(int(event.get("timeUnixNano", 0)), LATEST) for event in events],
        event_names=[str(event.get("name", "")) for event in events],
        event_attributes=[_strings(event) for event in events],
        link_trace_ids=[_id(link.get("traceId"), _TRACE_ID) for link in links],
        link_span_ids=[_id(link.get("spanId"), _SPAN_ID) for link in links],
        link_trace_states=[str(link.get("traceState", "")) for link in links],
        link_attributes=[_strings(link) for link in links],
    )


def _all(parent: _Object, key: str) -> Sequence[_Object]:
    return parent.get(key) or ()


def _id(value: object, digits: int) -> str:
    """*value* in lower case if it is an id of so many *digits*, else nothing."""
    text = value.lower() if isinstance(value, str) else ""
    return text if len(text) == digits and _HEXADECIMAL.issuperset(text) else ""


def _named(names: tuple[str, ...], by_name: Mapping[str, str], value: int | str) -> str:
    return by_name.get(value, names[0]) if isinstance(value, str) else named(names, value)


def _strings(parent: _Object) -> dict[str, str]:
    return {str(pair["key"]): _string(pair.get("value")) for pair in _all(parent, "attributes")}


def _string(value: _Object | None) -> str:
    """As `anyvalue.string`, with the usual kinds at hand."""
    match value:
        case None:
            return ""
        case {"stringValue": str(text)}:
            return text
        case {"intValue": int(number)} | {"intValue": str(number)}:
            return str(int(number))
    return string(_any_value(value))


def _any_value(value: _Object) -> AnyValue:
    from google.protobuf.json_format import ParseDict, ParseError
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue

    try:
        return ParseDict(dict(value), AnyValue(), ignore_unknown_fields=True)
    except ParseError as error:
        raise ValueError(value) from error
