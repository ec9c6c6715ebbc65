"""The exporter of lent processes: OTLP in JSON, without protobuf."""

from __future__ import annotations

import json
import math
import threading

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from aiprov_otel.lending.exporter import LateProcessor, LocalExporter, encode
from aiprov_otel.receiver.server import Receiver
from aiprov_otel.telemetry.launch import environment
from aiprov_otel.telemetry.otlp_json import json_rows
from aiprov_otel.telemetry.otlp_protobuf import protobuf_rows
from support.service import Received

ATTRIBUTES = {
    "text": "é",
    "number": 2**62,
    "negative": -1,
    "share": 0.1,
    "whole": 2.0,
    "yes": True,
    "list": ["a", "b"],
    "numbers": [1, 2],
    "bytes": b"\x00\xff",
}


def spans():
    """Two spans of one trace, with everything that a span can have."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "shop", "many": (1, 2)}))
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("shop.app", "1.0")
    with tracer.start_as_current_span("GET /", kind=SpanKind.SERVER) as entry:
        link = Link(entry.get_span_context(), {"why": "retry"})
        span = tracer.start_span("query", kind=SpanKind.CLIENT, attributes=ATTRIBUTES, links=[link])
        try:
            raise KeyError("apple")  # noqa: TRY301 (to be recorded)
        except KeyError as error:
            span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, "KeyError: 'apple'"))
        span.end()
    provider.shutdown()
    return kept.get_finished_spans()


def test_its_rows_are_those_of_opentelemetry_s_own():
    """
    A span that came by this exporter is stored as one that came in protobuf.
    """
    finished = spans()

    ours = list(json_rows(json.dumps(encode(finished)).encode()))
    theirs = list(protobuf_rows(bytearray(encode_spans(finished).SerializeToString())))

    assert len(ours) == 2
    assert ours == theirs


def test_what_json_has_no_number_for_is_a_word():
    """
    Infinity and NaN arrive as in protobuf, and the request stays valid JSON.
    """
    values = {"a": math.inf, "b": -math.inf, "c": math.nan}
    span = TracerProvider().get_tracer("t").start_span("s", attributes=values)
    span.end()

    (ours,) = json_rows(json.dumps(encode([span]), allow_nan=False).encode())
    (theirs,) = protobuf_rows(bytearray(encode_spans([span]).SerializeToString()))

    assert ours.span_attributes == theirs.span_attributes


def test_the_first_request_is_told_once():
    """
    Of all spans that arrived, the first server or consumer span.
    """
    told, received = [], Received()
    with Receiver(received, port=0) as receiver:
        exporter = LocalExporter(receiver.endpoint, told.append)
        results = [exporter.export(spans()) for _ in range(2)]

    assert results == [SpanExportResult.SUCCESS] * 2
    assert [span.name for span in told] == ["GET /"]
    assert len(received.rows) == 4


def test_a_run_that_is_over_is_a_failure():
    """
    Where nobody listens any more, spans are given up without an exception.
    """
    exporter = LocalExporter("http://127.0.0.1:9", lambda _: None)

    assert exporter.export(spans()) is SpanExportResult.FAILURE


def test_its_thread_starts_with_the_first_span():
    """
    Before that there is none, which gevent would find at a fork; then each span is sent once,
    in whatever thread it ends.
    """
    kept, threads = InMemorySpanExporter(), set(threading.enumerate())
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(LateProcessor(kept))
    assert set(threading.enumerate()) == threads
    together = threading.Barrier(8)

    def end_spans(number):
        together.wait()
        for each in range(20):
            provider.get_tracer("shop").start_span(f"{number}.{each}").end()

    ending = [threading.Thread(target=end_spans, args=[number]) for number in range(8)]
    for thread in ending:
        thread.start()
    for thread in ending:
        thread.join()
    provider.force_flush()
    names = [span.name for span in kept.get_finished_spans()]
    provider.shutdown()

    assert len(names) == len(set(names)) == 160


class Slow(InMemorySpanExporter):
    """An exporter that takes nothing before it is told to."""

    def __init__(self):
        super().__init__()
        self.may = threading.Event()

    def export(self, spans):
        self.may.wait()
        return super().export(spans)


def test_many_spans_at_once_are_all_sent(monkeypatch, tmp_path):
    """
    A request with thousands of statements costs no span, also while the exporter is busy.
    """
    variables = environment({}, endpoint="", manifest=None, folder=tmp_path)
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", variables["OTEL_BSP_MAX_QUEUE_SIZE"])
    kept = Slow()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(LateProcessor(kept))
    for _ in range(10_000):
        provider.get_tracer("shop").start_span("SELECT").end()
    kept.may.set()
    provider.force_flush()
    sent = len(kept.get_finished_spans())
    provider.shutdown()

    assert sent == 10_000
