"""An OTLP request in protobuf becomes rows."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status
from opentelemetry.trace import SpanKind

from aiprov_otel.telemetry import otlp_protobuf
from aiprov_otel.telemetry.otlp import LATEST
from aiprov_otel.telemetry.otlp_protobuf import protobuf_rows
from support.telemetry import AI, EPOCH, Service


def request(*spans: Span) -> bytes:
    scope = ScopeSpans(spans=spans)
    return ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(scope_spans=[scope])]
    ).SerializeToString()


def span(number: int, **fields) -> Span:
    return Span(trace_id=bytes([number]) * 16, span_id=bytes([number]) * 8, **fields)


def field(number: int, content: bytes) -> bytes:
    """A message's field that holds *content*."""
    size = otlp_protobuf._varint_bytes(len(content))
    return otlp_protobuf._varint_bytes(number << 3 | 2) + size + content


def text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def test_a_span_of_the_sdk_is_a_row_with_the_exporters_columns():
    """The row has what the SDK sent."""
    service = Service()
    parent = service.span("checkout", kind=SpanKind.SERVER)
    service.span("total", parent, by=AI, at=1, ms=2, failed=True, raised=(KeyError("k"), AI))

    checkout, total = protobuf_rows(service.request())

    assert (checkout.span_kind, checkout.parent_span_id, checkout.status_code) == (
        "Server",
        "",
        "Unset",
    )
    assert total.parent_span_id == checkout.span_id
    assert total.trace_id == checkout.trace_id
    assert (total.timestamp, total.duration) == (EPOCH + 1_000_000, 2_000_000)
    assert (total.service_name, total.scope_name, total.scope_version) == ("shop", "tests", "1.0")
    assert total.status_code == "Error"
    assert total.span_attributes["aiprov.origin"] == "ai"
    assert total.span_attributes["code.line.number"] == "1"
    assert total.event_names == ["exception"]
    assert total.event_attributes[0]["aiprov.exception.origin"] == "ai"
    assert total.event_attributes[0]["exception.type"] == "KeyError"


def test_spans_without_a_valid_id_have_no_row():
    """A span that can't be told from others is not stored."""
    rows = list(protobuf_rows(request(span(7), Span(trace_id=b"t", span_id=b"s" * 8), Span())))

    assert [row and row.span_id for row in rows] == ["07" * 8, None, None]


def test_times_and_enums_out_of_range_do_no_harm():
    """A clock that runs backwards, and values of a newer protocol, give a row all the same."""
    (row,) = protobuf_rows(
        request(
            span(
                1,
                start_time_unix_nano=2**64 - 1,
                end_time_unix_nano=5,
                kind=17,
                status=Status(code=9),
                events=[Span.Event(time_unix_nano=2**64 - 1)],
            )
        )
    )

    assert (row.timestamp, row.duration, row.event_timestamps) == (LATEST, 0, [LATEST])
    assert (row.span_kind, row.status_code) == ("Unspecified", "Unset")


def test_a_span_ends_at_a_moment_that_can_be_stored():
    """The start and the duration together are never beyond the last moment."""
    (row,) = protobuf_rows(
        request(span(1, start_time_unix_nano=EPOCH, end_time_unix_nano=2**64 - 1))
    )

    assert row.timestamp + row.duration == LATEST


@pytest.mark.parametrize("place", ["name", "attribute", "event", "status"])
def test_text_that_is_not_utf_8_costs_its_bytes_only(place):
    """The span is kept with U+FFFD, and so are those beside it."""
    broken = {
        "name": span(2, name="Z@@"),
        "attribute": span(2, attributes=[text("user", "Z@@")]),
        "event": span(2, events=[Span.Event(name="e", attributes=[text("user", "Z@@")])]),
        "status": span(2, status=Status(message="Z@@")),
    }[place]
    body = request(span(1, name="Zü"), broken, span(3)).replace(b"@@", b"\xc3@")

    first, second, third = protobuf_rows(body)

    assert (first.span_name, third.span_id) == ("Zü", "03" * 8)
    assert "Z\ufffd@" in {
        second.span_name,
        second.status_message,
        *second.span_attributes.values(),
        *(value for event in second.event_attributes for value in event.values()),
    }


def test_text_that_is_not_utf_8_in_a_resource_costs_no_span():
    """The resource is kept too."""
    spans = ResourceSpans(scope_spans=[ScopeSpans(spans=[span(1)])])
    spans.resource.attributes.append(text("service.name", "Z@@"))
    spans.scope_spans[0].scope.name = "@@"
    message = ExportTraceServiceRequest(resource_spans=[spans]).SerializeToString()

    (row,) = protobuf_rows(message.replace(b"@@", b"\xc3@"))

    assert (row.service_name, row.scope_name) == ("Z\ufffd@", "\ufffd@")


def test_a_malformed_span_costs_no_other():
    """It has no row; the spans before and after it have theirs."""
    broken = span(2, name="broken")
    body = request(span(1), broken, span(3)).replace(
        broken.SerializeToString(), b"\xff" * len(broken.SerializeToString())
    )

    assert [row and row.span_id for row in protobuf_rows(body)] == ["01" * 8, None, "03" * 8]


def test_a_value_that_is_nested_too_deep_costs_no_other_span():
    """Protobuf itself refuses more than a hundred levels."""
    value = b""
    for _ in range(90):
        value = field(5, field(1, value))
    deep = span(2).SerializeToString() + field(9, field(2, value))
    spans = [span(1).SerializeToString(), deep, span(3).SerializeToString()]

    rows = list(protobuf_rows(field(1, field(2, b"".join(field(2, one) for one in spans)))))

    assert [row and row.span_id for row in rows] == ["01" * 8, None, "03" * 8]


def test_a_span_that_is_too_large_costs_no_other():
    """Objects take many times the bytes that they are made from: a span has a limit."""
    large = span(2, name="x" * otlp_protobuf.SPAN_LIMIT)

    rows = list(protobuf_rows(request(large, span(3))))

    assert [row and row.span_id for row in rows] == [None, "03" * 8]


@pytest.mark.parametrize("part", [b"\x0a\x00", b"\x0a\x02\x12\x00", b"\x0a\x04\x12\x02\x12\x00"])
def test_a_request_of_very_many_parts_is_refused(part):
    """Spans, scopes and resources that hold nothing cost time all the same."""
    with pytest.raises(ValueError, match="send at most"):
        protobuf_rows(part * (otlp_protobuf.PARTS_LIMIT + 1))


def test_an_empty_request_has_no_rows():
    """The empty message is valid OTLP."""
    assert list(protobuf_rows(b"")) == []


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"nonsense",
        b"\x00",
        b"\x0a",
        b"\x0a\x05",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x0a\x03\x12\x05x",
        b"\x09short",
    ],
)
def test_what_is_not_a_request_is_a_value_error(data):
    """Bytes that are not a message are refused by name, before anything is stored."""
    with pytest.raises(ValueError, match="not an ExportTraceServiceRequest"):
        protobuf_rows(data)


def test_fields_of_a_newer_protocol_are_passed_over():
    """Whatever their encoding, the span is kept."""
    newer = b"\x98\x06\x96\x01" + b"\x99\x06" + b"8" * 8 + b"\x9d\x06" + b"4" * 4
    scope = ScopeSpans(spans=[Span.FromString(span(1).SerializeToString() + newer)])
    spans = ResourceSpans(scope_spans=[ScopeSpans.FromString(scope.SerializeToString() + newer)])
    body = ExportTraceServiceRequest(resource_spans=[spans]).SerializeToString() + newer

    assert [row.span_id for row in protobuf_rows(body)] == ["01" * 8]


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data):
    """Whatever arrives, it has rows or is a ValueError."""
    with contextlib.suppress(ValueError):
        list(protobuf_rows(data))


@given(st.data())
def test_a_request_with_any_byte_changed_raises_nothing_else(data):
    """One byte of a request may be anything."""
    body = bytearray(request(span(1, name="a", attributes=[text("k", "v")]), span(2)))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ValueError):
        list(protobuf_rows(bytes(body)))
