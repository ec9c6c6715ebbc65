"""No span that is answered makes a report fail, and none that is bad costs another."""

from __future__ import annotations

import http.client
import json

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from aiprov_otel.receiver.server import Receiver
from aiprov_otel.report.render.markdown import render_markdown
from aiprov_otel.report.report import build_report
from aiprov_otel.telemetry.store import Store
from aiprov_otel.telemetry.store_errors import RowError
from support.telemetry import AI, Service

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}
START = 1_790_000_000_000_000_000
UNIT = {
    "aiprov.origin": "ai",
    "aiprov.unit": "function",
    "aiprov.match": "exact",
    "code.function.name": "shop.total",
}
KEYS = (
    "aiprov.origin", "aiprov.agent.name", "aiprov.model.name", "aiprov.commit.id",
    "aiprov.commit.time", "aiprov.ai_ratio", "aiprov.match", "aiprov.unit",
    "aiprov.evidence.kind", "aiprov.evidence.strength", "aiprov.error.origin",
    "aiprov.error.outcome", "aiprov.error.commit.id", "aiprov.exception.origin",
    "aiprov.exception.commit.id", "code.function.name", "code.file.path", "code.line.number",
    "error.type", "exception.type", "exception.stacktrace", "http.route",
)  # fmt: skip
TEXTS = (
    "", "\0", "x" * 20_000, "é\u2028<script>'\"", "9" * 400, "-1", "NaN", "Infinity", "1e400",
    "9223372036854775808", "\ud800", "2026-13-45T99:00:00Z", "9999-12-31T23:59:59Z",
)  # fmt: skip
MOMENTS = (None, 0, 1, START, 2**63 - 2, 2**63 - 1, 2**63, 2**64 - 1, float("inf"), "soon")
STATES = ("ot=th:0", "ot=th:ffffffffffffff", "ot=th:g", "ot=rv:1;th:fffffffffffffffff", "=,;:" * 99)


def span(number: int, **fields):
    return {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": "GET /",
        "kind": 2,
        "startTimeUnixNano": START,
        "endTimeUnixNano": START + 5_000_000,
        "attributes": attributes(UNIT),
        **fields,
    }


def attributes(values):
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


def edges():
    """Spans with a value at an edge each."""
    number = 1000
    for start in MOMENTS:
        for end in MOMENTS:
            number += 1
            yield span(number, startTimeUnixNano=start, endTimeUnixNano=end)
    for key in KEYS:
        for text in TEXTS:
            number += 1
            event = {"name": "exception", "timeUnixNano": number, "attributes": attributes({
                "exception.type": "KeyError", "aiprov.exception.origin": "ai", key: text,
            })}  # fmt: skip
            yield span(
                number,
                attributes=attributes(UNIT | {key: text}),
                events=[event],
                status={"code": 2},
            )
    for state in STATES:
        number += 1
        yield span(number, traceState=state)
    yield span(number + 1, parentSpanId=f"{number + 1:016x}")
    yield span(number + 2, parentSpanId=f"{number + 3:016x}")
    yield span(number + 3, parentSpanId=f"{number + 2:016x}")


@pytest.fixture
def ask(store):
    """One request on a connection that stays open for the next."""
    with Receiver(store, port=0) as receiver:
        address = receiver.endpoint.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=120)

        def ask(method="POST", path="/v1/traces", body=b"", headers=PROTOBUF):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()

        yield ask
        connection.close()


def request(*spans) -> bytes:
    scope = {"scopeSpans": [{"spans": list(spans)}]}
    shop = {"resource": {"attributes": attributes({"service.name": "shop"})}}
    return json.dumps({"resourceSpans": [shop | scope]}).encode()


def test_a_report_can_be_made_of_every_span_that_was_answered(ask, store):
    """Values at the edges of every column: the page, the document and the tables are there."""
    spans = list(edges())

    status, answer = ask(body=request(*spans, *map(span, range(1, 50))), headers=JSON)

    assert status == 200
    rejected = int(json.loads(answer)["partialSuccess"]["rejectedSpans"])
    assert rejected == 19  # those that began or ended "soon"
    ((stored,),) = store.query("SELECT count(*) FROM otel_traces")
    assert stored == len(spans) + 49 - rejected
    assert ask("GET", "/", headers={})[0] == 200
    assert ask("GET", "/report.json", headers={})[0] == 200
    assert list(render_markdown(build_report(store)))


def test_one_bad_span_costs_no_other(ask, store):
    """Of a hundred, the other ninety-nine are stored, and the answer counts one."""
    bad = span(50, events=[5])

    status, answer = ask(
        body=request(*map(span, range(1, 50)), bad, *map(span, range(51, 101))), headers=JSON
    )

    assert (status, json.loads(answer)["partialSuccess"]["rejectedSpans"]) == (200, "1")
    assert store.query("SELECT count(*) FROM otel_traces") == [(99,)]


def test_one_bad_span_costs_no_other_in_protobuf(ask, store):
    """Text that is not UTF-8 is replaced."""
    service = Service()
    for n in range(100):
        service.span("Z@@" if n == 50 else f"total {n}", by=AI)

    status, answer = ask(body=service.request().replace(b"@@", b"\xc3@"))

    assert (status, answer) == (200, b"")
    assert store.query("SELECT count(*) FROM otel_traces WHERE SpanName = 'Z\ufffd@'") == [(1,)]
    assert store.query("SELECT count(*) FROM otel_traces") == [(100,)]


class Picky(Store):
    """A store that does not take one row, as a database might that is newer than ours."""

    def add_lines(self, lines: bytes) -> int:
        if b"poison" in lines:
            raise RowError("can't take a span")
        if b"surprise" in lines:
            raise RuntimeError("nobody has thought of this")
        return super().add_lines(lines)


def test_a_row_that_the_store_can_not_take_costs_no_other(tmp_path):
    """It is found among the others, and counted."""
    service = Service()
    for n in range(100):
        service.span("poison" if n == 50 else f"total {n}", by=AI)
    with Picky.open(tmp_path / "picky.duckdb") as store, Receiver(store, port=0) as receiver:
        connection = http.client.HTTPConnection(receiver.endpoint[7:], timeout=60)
        connection.request("POST", "/v1/traces", service.request(), PROTOBUF)
        answer = ExportTraceServiceResponse.FromString(connection.getresponse().read())
        connection.close()
        assert store.query("SELECT count(*) FROM otel_traces") == [(99,)]

    assert answer.partial_success.rejected_spans == 1


def test_an_error_that_was_not_foreseen_closes_no_connection(tmp_path, caplog):
    """It is answered with 500 and logged; the next request on the connection is served."""
    service = Service()
    service.span("surprise", by=AI)
    with Picky.open(tmp_path / "picky.duckdb") as store, Receiver(store, port=0) as receiver:
        connection = http.client.HTTPConnection(receiver.endpoint[7:], timeout=60)
        connection.request("POST", "/v1/traces", service.request(), PROTOBUF)
        response = connection.getresponse()
        response.read()
        socket = connection.sock
        connection.request("POST", "/v1/traces", b"", PROTOBUF)
        again = connection.getresponse()
        again.read()
        assert connection.sock is socket
        connection.close()

    assert (response.status, again.status) == (500, 200)
    assert "nobody has thought of this" in caplog.text


def test_the_empty_request_is_taken(ask):
    """Missing parts are parts that hold nothing."""
    spans = ExportTraceServiceRequest()
    spans.resource_spans.add().scope_spans.add()

    assert ask(body=spans.SerializeToString()) == (200, b"")
    for text in (b"{}", b'{"resourceSpans":[{}]}', b'{"resourceSpans":[{"scopeSpans":[{}]}]}'):
        assert ask(body=text, headers=JSON) == (200, b"{}")
