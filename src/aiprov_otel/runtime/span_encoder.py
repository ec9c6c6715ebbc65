"""
OTLP bytes made straight from spans, with encoded attributes remembered.

The bytes are those of OpenTelemetry's own encoder, which makes a message of each attribute, and
hashes all attributes of the resource for each span. This module raises for what it does not know;
`exporters` leaves such a batch to the SDK, and tries the private names that are read here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from struct import Struct
from typing import Any, Final, TypeAlias

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.exporter.otlp.proto.common import _internal as sdk
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanKind

from aiprov_otel.attributes import AI_RATIO

LONGEST: Final = 512
"""Bytes of an encoded attribute beyond which it is not remembered: a stack trace, a query."""
BUDGET: Final = 4 << 20
"""Bytes of memory that each table of remembered attributes may take, about."""
_OVERHEAD: Final = 300  # of an entry: its key, a tuple of two, its value, and the bytes object

# The tags of opentelemetry/proto: the number of a field, and how it is encoded.
_FLAGS: Final = [b"\x85\x01" + flags.to_bytes(4, "little") for flags in (0x100, 0x300)]
_LINK_FLAGS: Final = [b"\x35" + flags[2:] for flags in _FLAGS]
_KINDS: Final = {kind.value: bytes((0x30, kind.value + 1)) for kind in SpanKind}
_STATUSES: Final = (b"\x7a\x00", b"\x7a\x02\x18\x01", b"\x7a\x02\x18\x02")
_times: Final = Struct("<BQBQ").pack
_time: Final = Struct("<BQ").pack
_double: Final = Struct("<d").pack

Groups: TypeAlias = dict[Resource, dict[InstrumentationScope | None, list[bytes]]]


def varint(number: int) -> bytes:
    """*number*, which is not negative, as protobuf encodes it."""
    if number < 0x80:
        return _SMALL[number]
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


_SMALL: Final = [bytes((number,)) for number in range(0x80)]


def _sized(data: bytes) -> bytes:
    return varint(len(data)) + data


class Remembered(dict[Any, bytes]):
    """What *encode* returned for each key, for short results and within the budget."""

    def __init__(self, encode: Callable[[Any], bytes]) -> None:
        super().__init__()
        self._encode = encode
        self._taken = 0

    def __missing__(self, key: Any) -> bytes:
        encoded = self._encode(key)
        if len(encoded) <= LONGEST:
            # Other threads may count at the same time, and lose a little.
            self._taken += 2 * len(encoded) + _OVERHEAD
            if self._taken > BUDGET:
                self.clear()
                self._taken = 0
            self[key] = encoded
        return encoded


def _attribute(key: str, value: bytes) -> bytes:
    """A key with an encoded *value*, as an attribute of a span."""
    name = _text(key)
    return b"\x4a" + _sized((b"\x0a" + _sized(name) if name else b"") + b"\x12" + _sized(value))


def _text(text: Any) -> bytes:
    if type(text) is not str:  # a subclass may encode itself in its own way
        raise TypeError(type(text))
    return text.encode()


def _of_name(name: str) -> bytes:
    text = _text(name)
    return b"\x2a" + _sized(text) if text else b""


def _of_text(pair: tuple[str, str]) -> bytes:
    key, value = pair
    return _attribute(key, b"\x0a" + _sized(value.encode()))


def _of_integer(pair: tuple[str, int]) -> bytes:
    key, value = pair
    if not -(1 << 63) <= value < 1 << 63:
        raise OverflowError(value)
    return _attribute(key, b"\x18" + varint(value & (1 << 64) - 1))


def _of_float(pair: tuple[str, float]) -> bytes:
    key, value = pair
    return _attribute(key, b"\x21" + _double(value))


def _of_other(key: str, value: object) -> bytes:
    if type(value) is bool:
        return _attribute(key, b"\x10\x01" if value else b"\x10\x00")
    if type(value) is float:
        return _of_float((key, value))
    return b"\x4a" + _sized(sdk._encode_key_value(key, value).SerializeToString())


_texts: Final = Remembered(_of_text)
_integers: Final = Remembered(_of_integer)
_ratios: Final = Remembered(_of_float)
"""Only of `aiprov.ai_ratio`: other floats, such as durations, are seldom the same twice."""
_names: Final = Remembered(_of_name)


class Request:
    """
    A request to export spans, for an exporter that only asks for its bytes.

    Parsing the bytes into a message and encoding it again costs about half as much as making them.
    If the exporter asks for anything else, it is read from a message, parsed for that.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data

    def SerializeToString(self) -> bytes:  # noqa: N802 (as a message has it)
        """The bytes."""
        return self._data

    SerializePartialToString = SerializeToString

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # copy looks some up before there is data
            raise AttributeError(name)
        return getattr(ExportTraceServiceRequest.FromString(self._data), name)


def encode_spans(spans: Iterable[ReadableSpan]) -> ExportTraceServiceRequest:
    """
    What the function of this name in OpenTelemetry's exporters returns.

    Raises:
        Exception: as `encode`.
    """
    return ExportTraceServiceRequest.FromString(encode(spans))


def encode_request(spans: Iterable[ReadableSpan]) -> Request:
    """
    The same, not yet parsed.

    Raises:
        Exception: as `encode`.
    """
    return Request(encode(spans))


def encode(spans: Iterable[ReadableSpan]) -> bytes:
    """
    The bytes of a request to export *spans*.

    Raises:
        Exception: something in it is for the SDK to encode, or to refuse.
    """
    groups: Groups = {}
    # By identity, as the hash of a resource is that of all its attributes as JSON.
    resources: dict[int, dict[InstrumentationScope | None, list[bytes]]] = {}
    scopes: dict[tuple[int, int], list[bytes]] = {}
    for span in spans:
        if type(span) is not ReadableSpan:  # a subclass may answer in its own way
            raise TypeError(type(span))
        resource, scope = span._resource, span._instrumentation_scope
        ids = (id(resource), id(scope))
        if (group := scopes.get(ids)) is None:
            if (of_resource := resources.get(ids[0])) is None:
                of_resource = resources[ids[0]] = groups.setdefault(resource, {})
            group = scopes[ids] = of_resource.setdefault(scope, [])
        data = _span(span)
        group += (b"\x12", varint(len(data)), data)
    return b"".join(_resource_spans(*each) for each in groups.items())


def _resource_spans(
    resource: Resource, scopes: Mapping[InstrumentationScope | None, Sequence[bytes]]
) -> bytes:
    encoded = sdk._encode_resource(resource).SerializeToString()
    parts = [b"\x0a" + _sized(encoded)]
    parts += (_scope_spans(*each) for each in scopes.items())
    parts.append(_schema(resource.schema_url))
    return b"\x0a" + _sized(b"".join(parts))


def _scope_spans(scope: InstrumentationScope | None, spans: Sequence[bytes]) -> bytes:
    encoded = sdk._encode_instrumentation_scope(scope).SerializeToString()  # type: ignore[arg-type]
    schema = _schema(scope.schema_url) if scope else b""
    return b"\x12" + _sized(b"".join((b"\x0a", _sized(encoded), *spans, schema)))


def _schema(url: str | None) -> bytes:
    return b"\x1a" + _sized(_text(url)) if url else b""


def _span(span: Any) -> bytes:
    trace_id, span_id, _, _, trace_state, _ = span._context
    parts = [b"\x0a\x10", trace_id.to_bytes(16, "big"), b"\x12\x08", span_id.to_bytes(8, "big")]
    add = parts.append
    if trace_state:
        add(b"\x1a" + _sized(_text(",".join(f"{k}={v}" for k, v in trace_state.items()))))
    if (parent := span._parent) is not None:
        parts += (b"\x22\x08", parent[1].to_bytes(8, "big"))
    began, ended = span._start_time, span._end_time
    if not began or not ended:  # zero is not encoded
        raise ValueError(began, ended)
    parts += (_names[span._name], _KINDS[span._kind._value_], _times(0x39, began, 0x41, ended))
    _add_attributes(add, span._attributes)
    if dropped := span.dropped_attributes:
        add(b"\x50" + varint(dropped))
    for event in span._events or ():
        add(b"\x5a" + _sized(_event(event)))
    if dropped := span.dropped_events:
        add(b"\x60" + varint(dropped))
    for link in span._links or ():
        add(b"\x6a" + _sized(_link(link)))
    if dropped := span.dropped_links:
        add(b"\x70" + varint(dropped))
    add(_status(span._status))
    add(_FLAGS[parent is not None and parent[2]])
    return b"".join(parts)


def _add_attributes(add: Callable[[bytes], None], attributes: Any) -> None:
    """Add each of *attributes*, encoded as those of a span."""
    if type(attributes) is BoundedAttributes:
        attributes = attributes._dict
    for key, value in attributes.items() if attributes else ():
        kind = type(value)
        if kind is str:
            add(_texts[key, value])
        elif kind is int:
            add(_integers[key, value])
        elif kind is float and key == AI_RATIO and value:  # 0.0 equals -0.0, whose bytes differ
            add(_ratios[key, value])
        else:
            add(_of_other(key, value))


def _of_inner(tag: bytes, attributes: Any) -> Iterator[bytes]:
    """*attributes* of an event or a link, which have another *tag* there."""
    encoded: list[bytes] = []
    _add_attributes(encoded.append, attributes)
    return (tag + each[1:] for each in encoded)


def _event(event: Event) -> bytes:
    parts = [_time(0x09, event.timestamp)] if event.timestamp else []
    if event.name:
        parts.append(b"\x12" + _sized(_text(event.name)))
    parts += _of_inner(b"\x1a", event.attributes)
    if event.dropped_attributes:
        parts.append(b"\x20" + varint(event.dropped_attributes))
    return b"".join(parts)


def _link(link: Link) -> bytes:
    trace_id, span_id, is_remote, *_ = link.context
    parts = [b"\x0a\x10", trace_id.to_bytes(16, "big"), b"\x12\x08", span_id.to_bytes(8, "big")]
    parts += _of_inner(b"\x22", link.attributes)
    if link.dropped_attributes:
        parts.append(b"\x28" + varint(link.dropped_attributes))
    return b"".join((*parts, _LINK_FLAGS[is_remote]))


def _status(status: Any) -> bytes:
    if status is None:
        return b""
    bare = _STATUSES[status.status_code._value_]
    if not status.description:
        return bare
    return b"\x7a" + _sized(b"\x12" + _sized(_text(status.description)) + bare[2:])
