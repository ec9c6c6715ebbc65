"""An OTLP request becomes rows."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status
from opentelemetry.trace import SpanKind

from aiprov_otel.telemetry.otlp import decode
from support.telemetry import AI, EPOCH, Service


def request(*spans: Span) -> bytes:
    scope = ScopeSpans(spans=spans)
    return ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(scope_spans=[scope])]
    ).SerializeToString()


def test_a_span_of_the_sdk_is_a_row_with_the_exporters_columns():
    """What the SDK says of a span is what the row says."""
    service = Service()
    parent = service.span("checkout", kind=SpanKind.SERVER)
    service.span("total", parent, by=AI, at=1, ms=2, failed=True, raised=(KeyError("k"), AI))

    checkout, total = decode(service.request()).rows

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


def test_spans_without_a_valid_id_are_rejected_and_counted():
    """A span that can't be told from others is not stored, and the sender learns of it."""
    good = Span(trace_id=b"t" * 16, span_id=b"s" * 8)

    batch = decode(request(good, Span(trace_id=b"t", span_id=b"s" * 8), Span()))

    assert [row.span_id for row in batch.rows] == [(b"s" * 8).hex()]
    assert batch.rejected == 2


def test_times_and_enums_out_of_range_do_no_harm():
    """A clock that runs backwards, and values of a newer protocol, give a row all the same."""
    span = Span(
        trace_id=b"t" * 16,
        span_id=b"s" * 8,
        start_time_unix_nano=2**64 - 1,
        end_time_unix_nano=5,
        kind=17,
        status=Status(code=9),
    )

    (row,) = decode(request(span)).rows

    assert (row.timestamp, row.duration) == (2**63 - 1, 0)
    assert (row.span_kind, row.status_code) == ("Unspecified", "Unset")


def test_an_empty_request_is_a_batch_without_rows():
    """The empty message is valid OTLP."""
    assert decode(b"").rows == []


def test_what_is_no_request_is_a_value_error():
    """Bytes that are no message are refused by name."""
    with pytest.raises(ValueError, match="ExportTraceServiceRequest"):
        decode(b"{}")


@given(st.binary(max_size=200))
def test_decoding_never_raises_anything_but_value_error(data):
    """Whatever arrives is a batch, or never raises anything but a ValueError."""
    with contextlib.suppress(ValueError):
        decode(data)
