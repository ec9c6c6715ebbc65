"""The OTLP exporters, to real servers, with our encoder and without it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as over_grpc
from opentelemetry.exporter.otlp.proto.http import trace_exporter as over_http
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

import aiprov_otel
from aiprov_otel.runtime import exporters, fast_path, span_encoder
from aiprov_otel.runtime.exporters import Encoding
from aiprov_otel.runtime.patching import Patches


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    """Our encoder is on, also where the suite runs without the fast path."""
    monkeypatch.setenv("AIPROV_FAST", "true")
    yield
    Encoding.used.clear()
    Encoding.refused = None


@contextmanager
def http_server():
    """A server's endpoint, and the requests that it got."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            requests.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", requests
        server.shutdown()
        thread.join()


@contextmanager
def grpc_server():
    """The same, over gRPC."""
    requests = []

    class Service(TraceServiceServicer):
        def Export(self, request, context):  # noqa: N802 (its name)
            requests.append(request)
            return ExportTraceServiceResponse()

    server = grpc.server(ThreadPoolExecutor(1))
    add_TraceServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"http://127.0.0.1:{port}", requests
    server.stop(None).wait()


@pytest.fixture(params=["http", "grpc"])
def exporter(request):
    """An exporter's class, with a server that it can reach."""
    module, server = {
        "http": (over_http, http_server),
        "grpc": (over_grpc, grpc_server),
    }[request.param]
    with server() as (endpoint, requests):
        yield module, endpoint, requests


def send(exporter, *names, **attributes):
    """Export a span of each name in a batch of its own, as a service does."""
    provider = TracerProvider(resource=Resource({}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    for name in names:
        provider.get_tracer("x").start_span(name, attributes=attributes).end()
    exporter.shutdown()


def names_of(requests):
    """The names of the spans in *requests*."""
    return [
        span.name
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def counting(calls, encode):
    """*encode*, and a note of each call."""

    def count(spans):
        calls.append(len(spans))
        return encode(spans)

    return count


def test_spans_arrive_in_our_encoding(exporter, monkeypatch):
    """
    Over HTTP and gRPC, all batches arrive; from the fourth on the SDK's encoder is not asked.
    """
    module, endpoint, requests = exporter
    calls = []
    with aiprov_otel.install():
        encode = module.encode_spans
        # The SDK's encoder itself, counted: which of the two encoded can't be seen in the bytes.
        monkeypatch.setattr(encode, "_original", counting(calls, encode_spans))
        send(module.OTLPSpanExporter(endpoint=endpoint), *"abcdef", text="ä", number=7)

    assert names_of(requests) == [*"abcdef"]
    assert calls == [1, 1, 1]
    assert Encoding.used == {"http", "grpc"}


def test_the_exporters_are_the_sdk_s_again_after_uninstall(exporter):
    """
    Uninstalling puts the encoder back, and spans still arrive.
    """
    module, endpoint, requests = exporter
    with aiprov_otel.install():
        assert module.encode_spans is not encode_spans
    send(module.OTLPSpanExporter(endpoint=endpoint), "a")

    assert module.encode_spans is encode_spans
    assert names_of(requests) == ["a"]


def test_an_exporter_that_is_imported_after_uninstall_is_left_alone():
    """
    What was installed once does nothing to modules that are imported later.
    """
    with aiprov_otel.install():
        Encoding.used.clear()
    exporters._instrument(Patches(), "http", over_http)

    assert over_http.encode_spans is encode_spans
    assert not Encoding.used


@pytest.mark.parametrize("name", ["AIPROV_FAST", "AIPROV_FAST_ENCODING"])
def test_each_switch_leaves_encoding_to_the_sdk(monkeypatch, name):
    """
    `AIPROV_FAST_ENCODING=false` turns off our encoder alone, `AIPROV_FAST=false` this one too.
    """
    monkeypatch.setenv(name, "false")
    with aiprov_otel.install():
        assert over_http.encode_spans is encode_spans

    assert Encoding.refused == f"{name} is false"


def test_an_exporter_of_another_class_is_left_alone(exporter, monkeypatch):
    """
    A subclass may do more with what is encoded, so the SDK encodes for it.
    """
    module, endpoint, requests = exporter

    class Own(module.OTLPSpanExporter):
        pass

    asked = []
    with aiprov_otel.install():
        # Our encoder itself, counted: which of the two encoded can't be seen in the bytes.
        for ours in ("_to_message", "_to_bytes"):
            encode = getattr(module.encode_spans, ours)
            monkeypatch.setattr(module.encode_spans, ours, counting(asked, encode))
        send(Own(endpoint=endpoint), "a")

    assert names_of(requests) == ["a"]
    assert asked == []


def test_over_http_no_message_is_made(exporter):
    """
    From the fourth batch on, the exporter over HTTP gets bytes, and the one over gRPC a message.
    """
    module, _, _ = exporter
    with aiprov_otel.install():
        *_, request = (module.encode_spans(exporters.Batch(exporters._sample())) for _ in range(4))

    made = span_encoder.Request if module is over_http else ExportTraceServiceRequest
    assert type(request) is made


def test_a_message_that_a_wrapper_changes_is_sent_as_changed(exporter, monkeypatch):
    """
    Code that wraps the encoder after `install()`, to redact names, gets a message of each batch.
    """
    module, endpoint, requests = exporter
    with aiprov_otel.install():
        encode = module.encode_spans

        def redacting(spans):
            message = encode(spans)
            for span in message.resource_spans[0].scope_spans[0].spans:
                span.name = "redacted"
            return message

        with monkeypatch.context() as wrapped:
            wrapped.setattr(module, "encode_spans", redacting)
            send(module.OTLPSpanExporter(endpoint=endpoint), *"abcde")

    assert names_of(requests) == ["redacted"] * 5


def test_an_attribute_that_is_not_utf_8_costs_itself_only(exporter, caplog):
    """
    The SDK drops one attribute and logs it once; the span and its batch arrive.
    """
    module, endpoint, requests = exporter
    with aiprov_otel.install():
        send(module.OTLPSpanExporter(endpoint=endpoint), "a", bad="\ud800", good="x")

    assert names_of(requests) == ["a"]
    (span,) = requests[0].resource_spans[0].scope_spans[0].spans
    assert [each.key for each in span.attributes] == ["good"]
    assert len([each for each in caplog.messages if "Failed to encode key" in each]) == 1


def test_a_version_that_was_not_tested_is_left_to_the_sdk(monkeypatch):
    """
    On another version nothing is replaced, and the reason names it.
    """
    monkeypatch.setattr(fast_path, "TESTED", frozenset())  # a later version can't be had yet
    with aiprov_otel.install():
        assert over_http.encode_spans is encode_spans

    assert Encoding.refused.endswith("was not tested")
    assert not Encoding.used


def test_a_self_test_that_fails_is_logged_in_one_line(monkeypatch, caplog):
    """
    Where the SDK's private names mean something else, nothing is replaced.
    """
    # As if a later SDK numbered its statuses otherwise.
    monkeypatch.setattr(span_encoder, "_STATUSES", (b"", b"", b""))
    with aiprov_otel.install():
        assert over_http.encode_spans is encode_spans

    (message,) = [each for each in caplog.messages if "(encoding-refused)" in each]
    assert "a sample of spans differs from what the SDK's encoder returns" in message


@pytest.mark.parametrize("before", [0, 999])
def test_a_difference_ends_it_with_one_line(caplog, before):
    """
    The first batches and one in a thousand are compared; the SDK's goes out, then and afterwards.
    """
    asked = []
    wrong = counting(asked, lambda spans: ExportTraceServiceRequest())
    encode = exporters._Encode(over_http, wrong, wrong, encode_spans)
    encode._batches = before
    spans = exporters.Batch(exporters._sample())
    for _ in range(3):
        assert encode(spans) == encode_spans(spans)

    assert asked == [2]
    assert len([each for each in caplog.messages if "(encoding-refused)" in each]) == 1


def test_one_batch_in_a_thousand_is_compared():
    """
    Of 3,000 batches, the SDK encodes the first three and each thousandth.
    """
    calls = []
    message = encode_spans(exporters._sample())
    ours, theirs = (lambda spans: message), counting(calls, lambda spans: message)
    encode = exporters._Encode(over_http, ours, ours, theirs)
    for _ in range(3_000):
        encode(exporters.Batch())

    assert len(calls) == 6
