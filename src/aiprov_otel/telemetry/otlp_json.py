"""An OTLP request in JSON as rows of the store, without a detour over protobuf; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel.telemetry.anyvalue import string
from aiprov_otel.telemetry.otlp import (
    KINDS,
    LATEST,
    STATUSES,
    Event,
    Link,
    Row,
    Scope,
    make_row,
    make_scope,
    short_enough,
)

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue

_TRACE_ID: Final = 32  # digits
_SPAN_ID: Final = 16
_HEXADECIMAL: Final = frozenset("0123456789abcdef")
_KIND: Final = {f"SPAN_KIND_{name.upper()}": number for number, name in enumerate(KINDS)}
_STATUS: Final = {f"STATUS_CODE_{name.upper()}": number for number, name in enumerate(STATUSES)}
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")  # escaped, or as it is
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_DEEPEST: Final = 300
"""Brackets within brackets: three for each list in a value, and protobuf takes a hundred lists."""

_WRONG: Final = (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError)
"""What reading a value of the wrong type raises."""

_Object = Mapping[str, Any]


def json_rows(request: bytes | bytearray) -> Iterator[Row | None]:
    """
    Returns a row for each span of *request*, and None for each that can't be kept.

    Source: OpenTelemetry protocol 1.x, "JSON Protobuf Encoding": keys in lowerCamelCase, ids in
    hexadecimal, enums as numbers, 64-bit integers as strings. As in all of protobuf's JSON, null is
    the default of a field. A span without a valid id, or with a field of the wrong type, can't be
    kept.

    Raises:
        ValueError: *request* is not an ExportTraceServiceRequest.
    """
    try:
        resources = [
            (resource, [(scope, _list(scope, "spans")) for scope in _list(resource, "scopeSpans")])
            for resource in _list(_document(request), "resourceSpans")
        ]
    except _WRONG as error:
        raise ValueError("this is not an ExportTraceServiceRequest in JSON") from error
    return _rows(resources)


def count(request: bytes | bytearray, *path: str | None) -> int:
    """
    Returns how many values are at *path*: the key of a list or object, of one in it, and so on.

    None stands for every object in an object.

    Raises:
        ValueError: *request* has no such lists and objects.
    """
    try:
        values = [_document(request)]
        for key in path:
            members = (value.values() if key is None else [value.get(key)] for value in values)
            found = [member for some in members for member in some]
            lists = (one if isinstance(one, list) else [one] for one in found)
            values = [one for some in lists for one in some if isinstance(one, dict)]
    except _WRONG as error:
        raise ValueError("this is not a request of OTLP in JSON") from error
    return len(values)


def _rows(
    resources: list[tuple[_Object, list[tuple[_Object, Sequence[_Object]]]]],
) -> Iterator[Row | None]:
    for resource, scopes in resources:
        attributes = short_enough(_attributes(resource.get("resource")))
        for parent, spans in scopes:
            scope = _scope(parent.get("scope"))
            for span in spans:
                try:
                    row = _row(span, scope, attributes)
                except _WRONG:
                    row = None
                yield row


def _document(request: bytes | bytearray) -> Any:
    """
    *request* as values, without what can't be text and what is nested too deep.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        document = json.loads(request)
    except RecursionError:
        document = json.loads(_shallow(request.decode()))
    if _SURROGATE.search(request):  # half a character: it has no place in UTF-8
        text = json.dumps(document, ensure_ascii=False).encode(errors="replace")
        del document  # two of them may be more than there is memory for
        return json.loads(text)
    return document


def _shallow(text: str) -> str:
    """*text*, which is JSON, with null for what is nested too deep to be read."""
    kept, depth, place = [], 0, 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth == _DEEPEST:
                kept += [text[place : token.start()], "null"]
        elif token[0] in "]}":
            if depth == _DEEPEST:
                place = token.end()
            depth -= 1
    return "".join(kept) + (text[place:] if depth < _DEEPEST else "")


def _row(span: _Object, scope: Scope, resource: dict[str, str]) -> Row | None:
    trace_id, span_id = _id(span.get("traceId"), _TRACE_ID), _id(span.get("spanId"), _SPAN_ID)
    if not trace_id or not span_id:
        return None
    status = span.get("status") or {}
    return make_row(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=_id(span.get("parentSpanId"), _SPAN_ID),
        trace_state=_text(span.get("traceState")),
        name=_text(span.get("name")),
        kind=_number_of(_KIND, span.get("kind")),
        start=_nanoseconds(span.get("startTimeUnixNano")),
        end=_nanoseconds(span.get("endTimeUnixNano")),
        attributes=_attributes(span),
        status_code=_number_of(_STATUS, status.get("code")),
        status_message=_text(status.get("message")),
        events=[
            Event(
                _nanoseconds(event.get("timeUnixNano")),
                _text(event.get("name")),
                _attributes(event),
            )
            for event in _list(span, "events")
        ],
        links=[
            Link(
                _id(link.get("traceId"), _TRACE_ID),
                _id(link.get("spanId"), _SPAN_ID),
                _text(link.get("traceState")),
                _attributes(link),
            )
            for link in _list(span, "links")
        ],
        scope=scope,
        resource=resource,
    )


def _scope(scope: Any) -> Scope:
    if not isinstance(scope, dict):
        return Scope("", "", {})
    return make_scope(_text(scope.get("name")), _text(scope.get("version")), _attributes(scope))


def _list(parent: _Object, key: str) -> Sequence[_Object]:
    """
    The list under *key*; null is an empty one.

    Raises:
        TypeError: something else is there.
    """
    value = parent.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise TypeError(key)
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def _id(value: Any, digits: int) -> str:
    """*value* in lower case if it is an id of so many *digits*, else nothing."""
    text = value.lower() if isinstance(value, str) else ""
    return text if len(text) == digits and _HEXADECIMAL.issuperset(text) else ""


def _nanoseconds(value: Any) -> int:
    if value == float("inf"):
        return LATEST
    return 0 if value is None else int(value)


def _number_of(numbers: Mapping[str, int], value: Any) -> int:
    """The number of an enum's *value*, which may be written as its name."""
    if isinstance(value, str):
        return numbers.get(value, 0)
    return 0 if value is None else int(value)


def _attributes(parent: Any) -> dict[str, str]:
    """The attributes of *parent* as strings, without those that are malformed."""
    if not isinstance(parent, dict) or not isinstance(pairs := parent.get("attributes"), list):
        return {}
    return {
        _text(pair.get("key")): _string(pair.get("value"))
        for pair in pairs
        if isinstance(pair, dict)
    }


def _string(value: Any) -> str:
    """As `anyvalue.string`, with the usual kinds at hand; what is not an AnyValue stays JSON."""
    try:
        match value:
            case {"stringValue": str(text)}:
                return text
            case {"intValue": int(number)} | {"intValue": str(number)}:
                return str(int(number))
            case None:
                return ""
        return string(_any_value(value))
    except _WRONG:
        return json.dumps(value, ensure_ascii=False)


def _any_value(value: Any) -> AnyValue:
    from google.protobuf.json_format import ParseDict, ParseError
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue

    try:
        return ParseDict(dict(value), AnyValue(), ignore_unknown_fields=True)
    except ParseError as error:
        raise ValueError(value) from error
