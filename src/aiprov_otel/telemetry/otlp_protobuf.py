"""
An OTLP request in protobuf as rows of the store; pure.

The request is taken apart here, and only single spans are given to protobuf's own parser: one span
that can't be parsed costs no other, and a request never exists as objects as a whole, which would
take up to forty times its size.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar, cast

from aiprov_otel.telemetry.anyvalue import strings
from aiprov_otel.telemetry.extra import local_extra
from aiprov_otel.telemetry.otlp import (
    Event,
    Link,
    Row,
    Scope,
    make_row,
    make_scope,
    short_enough,
)

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    Buffer = bytes | bytearray
    _M = TypeVar("_M", bound=Message)

SPAN_LIMIT: Final = 8 * 2**20
"""Bytes of one span, of a resource or of a scope; a larger one is not parsed."""

PARTS_LIMIT: Final = 2**18
"""Spans, scopes and resources in one request."""

_MESSAGES_LIMIT: Final = 2**17  # attributes, events and the like in one span
_FEW: Final = 2**16  # bytes that can't hold so many messages that they would be worth counting

_RESOURCE_SPANS: Final = frozenset({1})  # field of ExportTraceServiceRequest
_SCOPE_SPANS: Final = frozenset({2})  # field of ResourceSpans
_SPANS: Final = frozenset({2})  # field of ScopeSpans
_TRACE_ID: Final = 16  # bytes
_SPAN_ID: Final = 8
_MASK: Final = 2**64 - 1


def protobuf_rows(request: Buffer) -> Iterator[Row | None]:
    """
    Returns a row for each span of *request*, and None for each that can't be kept.

    Text that is not valid UTF-8 is kept with U+FFFD in place of what is wrong. A span without a
    valid id, one that is malformed and one that is too large can't be kept.

    Raises:
        ValueError: *request* is not an ExportTraceServiceRequest.
    """
    with local_extra():
        import opentelemetry.proto.trace.v1.trace_pb2  # noqa: F401 (what is missing is named here)
    try:
        count(request, _RESOURCE_SPANS, _SCOPE_SPANS, _SPANS)
    except _Malformed as error:
        raise ValueError("this is not an ExportTraceServiceRequest in protobuf") from error
    resources = _parts(memoryview(request), _RESOURCE_SPANS)
    return (row for resource in resources for row in _resource_rows(resource))


def count(request: Buffer, *path: frozenset[int]) -> int:
    """
    Returns how many messages are at *path*: the numbers of a field, of one in it, and so on.

    Raises:
        ValueError: the request is malformed, or has too many parts.
    """
    leaves = 0
    for parts, is_leaf in enumerate(_walk(memoryview(request), path), 1):
        leaves += is_leaf
        if parts > PARTS_LIMIT:
            raise ValueError(f"send at most {PARTS_LIMIT:,} items at once")
    return leaves


def _walk(message: memoryview, path: tuple[frozenset[int], ...]) -> Iterator[bool]:
    """For each part at *path*, and each that holds one, whether it is the last on the path."""
    numbers, *rest = path
    for part in _parts(message, numbers):
        yield not rest
        if rest:
            yield from _walk(part, tuple(rest))


def _resource_rows(message: memoryview) -> Iterator[Row | None]:
    from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

    spans = _parse(ResourceSpans, _without(message, _SCOPE_SPANS))
    attributes = short_enough(strings(spans.resource.attributes)) if spans else {}
    for scope in _parts(message, _SCOPE_SPANS):
        yield from _scope_rows(scope, attributes)


def _scope_rows(message: memoryview, resource: dict[str, str]) -> Iterator[Row | None]:
    from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span

    spans = _parse(ScopeSpans, _without(message, _SPANS)) or ScopeSpans()
    scope = make_scope(spans.scope.name, spans.scope.version, strings(spans.scope.attributes))
    for part in _parts(message, _SPANS):
        span = _parse(Span, part)
        yield _row(span, scope, resource) if span and _has_ids(span) else None


def _has_ids(span: Span) -> bool:
    return len(span.trace_id) == _TRACE_ID and len(span.span_id) == _SPAN_ID


def _row(span: Span, scope: Scope, resource: dict[str, str]) -> Row:
    return make_row(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=span.parent_span_id.hex(),
        trace_state=span.trace_state,
        name=span.name,
        kind=span.kind,
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        attributes=strings(span.attributes),
        status_code=span.status.code,
        status_message=span.status.message,
        events=[
            Event(event.time_unix_nano, event.name, strings(event.attributes))
            for event in span.events
        ],
        links=[
            Link(
                link.trace_id.hex(), link.span_id.hex(), link.trace_state, strings(link.attributes)
            )
            for link in span.links
        ],
        scope=scope,
        resource=resource,
    )


def _parse(kind: type[_M], data: memoryview | bytes) -> _M | None:
    """The message of *kind* in *data*, its text made valid where it is not; None if it is none."""
    from google.protobuf.message import DecodeError

    descriptor = cast("Descriptor", kind.DESCRIPTOR)
    try:
        if len(data) > SPAN_LIMIT or (len(data) > _FEW and _has_many(memoryview(data), descriptor)):
            return None
        return kind.FromString(bytes(data))
    except (DecodeError, _Malformed, RecursionError):
        pass
    try:
        return kind.FromString(_with_valid_text(memoryview(data), descriptor))
    except (DecodeError, _Malformed, RecursionError):
        return None


def _has_many(message: memoryview, kind: Descriptor) -> bool:
    """Whether *message* has so many in it that they would take very much more memory than it."""
    return any(islice(_messages(message, kind), _MESSAGES_LIMIT, None))


def _messages(message: memoryview, kind: Descriptor) -> Iterator[bool]:
    for tag, _, content in _fields(message):
        field = kind.fields_by_number.get(tag >> 3)
        if tag & 7 == 2 and field and field.message_type:
            yield True
            yield from _messages(content, field.message_type)


def _with_valid_text(data: memoryview, kind: Descriptor) -> bytes:
    """*data*, a message of *kind*, with U+FFFD for what is not UTF-8 in its strings."""
    valid = bytearray()
    for tag, field, content in _fields(data):
        known = kind.fields_by_number.get(tag >> 3) if tag & 7 == 2 else None
        if known and known.type == known.TYPE_STRING:
            text = bytes(content).decode(errors="replace").encode()
        elif known and known.message_type:
            text = _with_valid_text(content, known.message_type)
        else:
            valid += field
            continue
        valid += _varint_bytes(tag) + _varint_bytes(len(text)) + text
    return bytes(valid)


class _Malformed(ValueError):
    """The bytes are not a message."""

    def __init__(self) -> None:
        super().__init__("this is not a message in protobuf")


def _parts(message: memoryview, numbers: frozenset[int]) -> Iterator[memoryview]:
    """The content of each message in the fields *numbers* of *message*."""
    wanted = {number << 3 | 2 for number in numbers}
    return (content for tag, _, content in _fields(message) if tag in wanted)


def _without(message: memoryview, numbers: frozenset[int]) -> bytes:
    unwanted = {number << 3 | 2 for number in numbers}
    return b"".join(field for tag, field, _ in _fields(message) if tag not in unwanted)


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """
    The tag, the bytes and the content of each field.

    Source: "Encoding" of protobuf's documentation. A tag is the number of the field and, in its
    three lowest bits, how its content is written.

    Raises:
        _Malformed: the bytes end too early, or have a tag that means nothing.
    """
    place, end = 0, len(message)
    while place < end:
        start = place
        tag, place = _varint(message, place)
        wire = tag & 7
        if wire == 2:
            size, place = _varint(message, place)
            stop = place + size
        elif wire == 0:
            stop = _varint(message, place)[1]
        elif wire in {1, 5}:
            stop = place + (8 if wire == 1 else 4)
        else:
            raise _Malformed
        if stop > end or tag >> 3 == 0:
            raise _Malformed
        yield tag, message[start:stop], message[place:stop]
        place = stop


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """The number that begins at *place*, seven bits a byte, and where the next thing begins."""
    number = shift = 0
    try:
        while (byte := message[place]) & 0x80:
            number |= (byte & 0x7F) << shift
            place += 1
            shift += 7
            if shift > 63:
                raise _Malformed
    except IndexError:
        raise _Malformed from None
    return (number | byte << shift) & _MASK, place + 1


def _varint_bytes(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
