"""OTLP in JSON gives the same rows as in protobuf."""

from __future__ import annotations

import json

import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.trace import SpanKind

from aiprov_otel.telemetry.otlp import decode
from aiprov_otel.telemetry.otlp_json import json_rows
from support.otlp import as_json
from support.telemetry import AI, Service


@pytest.fixture
def request_():
    service = Service()
    parent = service.span("checkout", kind=SpanKind.SERVER, ratio=0.25, large=1e30, whole=3.0)
    raised = (KeyError("k"), AI)
    service.span("total", parent, by=AI, failed=True, raised=raised, n=-5, yes=True, text="é\n")
    service.span("list", parent, values=[1, 2], words=["a", "b"], none=[], big=2**60)
    return service.request()


def test_json_and_protobuf_give_the_same_rows(request_):
    """Every field of every row, whichever encoding the sender chose."""
    assert list(json_rows(as_json(request_))) == decode(request_).rows


def test_enums_may_have_names(request_):
    """Some senders write the names of enums, as JSON of protobuf does by default."""
    named = MessageToDict(ExportTraceServiceRequest.FromString(request_))
    numbered = json.loads(as_json(request_))
    for one, other in zip(spans(numbered), spans(named), strict=True):
        one.update(kind=other["kind"], status=other["status"])

    assert list(json_rows(json.dumps(numbered).encode())) == decode(request_).rows


def spans(document) -> list:
    return document["resourceSpans"][0]["scopeSpans"][0]["spans"]


def test_an_id_is_needed():
    """A span without a valid id has no row; upper case is taken."""
    shown = [
        {"traceId": "A" * 32, "spanId": "B" * 16},
        {"traceId": "A" * 32, "spanId": "B" * 15},
        {"traceId": "A" * 32, "spanId": 5},
        {"spanId": "B" * 16},
        {"traceId": "z" * 32, "spanId": "B" * 16},
    ]
    document = {"resourceSpans": [{"scopeSpans": [{"spans": shown}]}]}

    first, *others = json_rows(json.dumps(document).encode())

    assert (first.trace_id, first.span_id) == ("a" * 32, "b" * 16)
    assert others == [None] * 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "nonsense",
        '{"resourceSpans": {"a": 1}}',
        '{"resourceSpans": [{"scopeSpans": [{"spans": [3]}]}]}',
        '{"resourceSpans": [{"resource": {"attributes": [{"key": "k", "value": 5}]}}]}',
        '{"resourceSpans": [{"resource": {"attributes": [{"key": "k", "value": "x"}]}}]}',
        '{"resourceSpans": [{"resource": {"attributes": [{"value": {"intValue": ""}}]}}]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_request_is_refused(text):
    """Whatever is wrong with a document, it is one kind of error."""
    with pytest.raises(ValueError, match="no ExportTraceServiceRequest in JSON"):
        json_rows(text.encode())
