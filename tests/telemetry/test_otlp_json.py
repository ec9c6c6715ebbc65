"""OTLP in JSON gives the same rows as in protobuf."""

from __future__ import annotations

import json

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.trace import SpanKind

from aiprov_otel.telemetry.otlp import LATEST
from aiprov_otel.telemetry.otlp_json import json_rows
from aiprov_otel.telemetry.otlp_protobuf import protobuf_rows
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
    assert list(json_rows(as_json(request_))) == list(protobuf_rows(request_))


def test_enums_may_have_names(request_):
    """Some senders write the names of enums, as JSON of protobuf does by default."""
    named = MessageToDict(ExportTraceServiceRequest.FromString(request_))
    numbered = json.loads(as_json(request_))
    for one, other in zip(spans(numbered), spans(named), strict=True):
        one.update(kind=other["kind"], status=other["status"])

    assert list(json_rows(json.dumps(numbered).encode())) == list(protobuf_rows(request_))


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
    first, *others = json_rows(document(*shown))

    assert (first.trace_id, first.span_id) == ("a" * 32, "b" * 16)
    assert others == [None] * 4


def document(*spans, resource=None) -> bytes:
    scope = {"scopeSpans": [{"spans": list(spans)}]}
    return json.dumps({"resourceSpans": [{"resource": resource, **scope}]}).encode()


def span(number, **fields):
    return {"traceId": f"{number:032x}", "spanId": f"{number:016x}", **fields}


def value_of(value) -> str:
    """What is stored of an attribute with *value*."""
    (row,) = json_rows(document(span(1, attributes=[{"key": "k", "value": value}])))
    return row.span_attributes["k"]


FIELDS = (
    "parentSpanId", "traceState", "name", "kind", "startTimeUnixNano", "endTimeUnixNano",
    "attributes", "events", "links", "status", "flags",
)  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_null_is_the_default_of_a_field(field):
    """A field that is null is a field that was left out, as in all of protobuf's JSON."""
    assert list(json_rows(document(span(1, **{field: None})))) == list(json_rows(document(span(1))))


def test_null_is_the_default_within_parts():
    """Of a status, an event, a link, a scope, a resource and a value."""
    parts = {
        "status": {"code": None, "message": None},
        "events": [{"name": None, "timeUnixNano": None, "attributes": None}],
        "links": [{"traceId": None, "attributes": None}],
        "attributes": [{"key": "k", "value": None}, {"key": "n", "value": {"stringValue": None}}],
    }
    text = document(span(1, **parts), resource={"attributes": None})

    (row,) = json_rows(text.replace(b'"spans"', b'"scope": {"name": null}, "spans"'))

    assert (row.status_code, row.event_names, row.event_timestamps) == ("Unset", [""], [0])
    assert row.span_attributes == {"k": "", "n": ""}


@pytest.mark.parametrize("lists", ["resourceSpans", "scopeSpans", "spans"])
def test_null_is_an_empty_list(lists):
    """A list that is null has no spans."""
    text = {
        "resourceSpans": {"resourceSpans": None},
        "scopeSpans": {"resourceSpans": [{"scopeSpans": None}]},
        "spans": {"resourceSpans": [{"scopeSpans": [{"spans": None}]}]},
    }[lists]

    assert list(json_rows(json.dumps(text).encode())) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"startTimeUnixNano": "soon"},
        {"startTimeUnixNano": float("nan")},
        {"endTimeUnixNano": []},
        {"kind": {}},
        {"status": "bad"},
        {"status": {"code": []}},
        {"events": 5},
        {"events": [None]},
        {"links": {"a": 1}},
    ],
)
def test_a_span_with_a_field_of_the_wrong_type_costs_no_other(wrong):
    """It has no row; those beside it have theirs."""
    rows = list(json_rows(document(span(1), span(2, **wrong), 3, span(4))))

    assert [row and int(row.span_id, 16) for row in rows] == [1, None, None, 4]


@pytest.mark.parametrize("end", [2**64 - 1, str(2**64 - 1), float("inf"), 10**400])
def test_a_moment_out_of_range_is_the_last_one(end):
    """Whatever a clock said, the row can be stored and added up."""
    (row,) = json_rows(document(span(1, startTimeUnixNano="5", endTimeUnixNano=end)))

    assert row.timestamp + row.duration == LATEST


@pytest.mark.parametrize("half", [b"\\ud800", b"\xed\xa0\x80"])
def test_half_a_character_is_replaced(half):
    """A lone surrogate, escaped or as it is, costs no span and no other key."""
    attributes = [{"key": "@", "value": {"stringValue": "b@"}}, {"key": "c", "value": {"@": 1}}]
    text = document(span(1, name="a@", attributes=attributes))

    (row,) = json_rows(text.replace(b"@", half))

    assert (row.span_name, row.span_attributes) == ("a?", {"?": "b?", "c": ""})


def test_what_is_nested_too_deep_costs_no_span():
    """A value deeper than a parser goes is left out, and nothing else."""
    deep = document(span(1), span(2, attributes=["@"]), span(3))
    nest = b'{"key": "k", "value": ' + b'{"arrayValue": {"values": [' * 50_000
    nest += b"]}}" * 50_000 + b"}"

    rows = list(json_rows(deep.replace(b'"@"', nest)))

    assert [int(row.span_id, 16) for row in rows] == [1, 2, 3]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"intValue": "12"}, "12"),
        ({"intValue": str(2**63 - 1)}, str(2**63 - 1)),
        ({"doubleValue": "NaN"}, "json: unsupported value: NaN"),
        ({"doubleValue": float("inf")}, '{"doubleValue": Infinity}'),
        ({"intValue": ""}, '{"intValue": ""}'),
        ({"intValue": "9" * 5000}, '{"intValue": "' + "9" * 5000 + '"}'),
        (5, "5"),
        ("x", '"x"'),
        ({}, ""),
        ({"unheardOf": 5}, ""),
    ],
)
def test_a_value_that_is_not_an_any_value_is_kept_as_it_was_written(value, expected):
    """An attribute of the wrong type costs neither its span nor its resource."""
    assert value_of(value) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "nonsense",
        '{"resourceSpans": {"a": 1}}',
        '{"resourceSpans": [5]}',
        '{"resourceSpans": [{"scopeSpans": [{"spans": "abc"}]}]}',
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
    ],
)
def test_what_is_not_a_request_is_refused(text):
    """Whatever is wrong with a document, it is one kind of error."""
    with pytest.raises(ValueError, match="not an ExportTraceServiceRequest in JSON"):
        json_rows(text.encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(field=st.sampled_from(FIELDS), value=JSON)
def test_no_value_of_a_field_costs_the_span_beside_it(field, value):
    """Whatever stands in a field, the next span has a row."""
    *_, last = json_rows(document(span(1, **{field: value}), span(2)))

    assert last.span_id == f"{2:016x}"
