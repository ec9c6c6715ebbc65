"""The receiver takes OTLP from the real exporter, and answers once a batch is stored."""

from __future__ import annotations

import gzip
import http.client
import json
import logging
import os
import socket
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    Gauge,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span
from opentelemetry.sdk.trace.export import SpanExportResult

from aiprov_otel.errors import AiprovError
from aiprov_otel.local.endpoints import LIMIT
from aiprov_otel.local.receiver import Receiver
from aiprov_otel.local.store import Store
from support.telemetry import AI, Service

PROTOBUF = {"Content-Type": "application/x-protobuf"}


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        yield store


@pytest.fixture
def receiver(store):
    with Receiver(store, port=0) as receiver:
        yield receiver


@pytest.fixture
def batch():
    service = Service()
    for n in range(50):
        service.span(f"total {n}", by=AI)
    return service.request()


@pytest.fixture
def ask(receiver):
    """One request on a connection that stays open for the next."""
    address = receiver.endpoint.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=10)

    def ask(method="POST", path="/v1/traces", body=b"", headers=PROTOBUF):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read(), response.headers

    yield ask
    connection.close()


def count(store) -> int:
    return store.query("SELECT count(*) FROM otel_traces")[0][0]


@pytest.mark.parametrize("compression", list(Compression))
def test_the_exporter_of_the_sdk_is_understood(receiver, store, compression):
    """Spans come through the real exporter, packed or not, and one connection carries them all."""
    exporter = OTLPSpanExporter(f"{receiver.endpoint}/v1/traces", compression=compression)
    service = Service(exporter)
    for n in range(5):
        service.span(f"total {n}", by=AI)
    service.provider.shutdown()

    assert count(store) == 5
    assert store.query("SELECT DISTINCT SpanAttributes['aiprov.origin'] FROM otel_traces") == [
        ("ai",)
    ]


def test_an_answer_means_stored(ask, store, batch):
    """When the status is 200 the batch is in the store, and the body is an OTLP response."""
    status, body, headers = ask(body=batch)

    assert status == 200
    assert count(store) == 50
    assert headers["Content-Type"] == "application/x-protobuf"
    assert not ExportTraceServiceResponse.FromString(body).HasField("partial_success")


def test_a_batch_that_is_sent_again_is_stored_once(receiver, store, batch):
    """Retries, from many threads at once, leave each span exactly once."""

    def post(_):
        address = receiver.endpoint.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=30)
        connection.request("POST", "/v1/traces", batch, PROTOBUF)
        status = connection.getresponse().status
        connection.close()
        return status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(post, range(24)))

    assert statuses == [200] * 24
    assert count(store) == 50


def test_a_connection_carries_many_requests(ask, batch):
    """HTTP/1.1 keep-alive: also after a request that was refused."""
    assert ask(body=b"nonsense")[0] == 400
    assert ask(path="/v1/nothing", body=batch)[0] == 404
    assert ask(body=batch, headers={"Content-Type": "text/plain"})[0] == 415
    status, _, headers = ask(body=batch)

    assert status == 200
    assert headers.get("Connection") is None


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"\x00nonsense", PROTOBUF, 400),
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"", {}, 415),
        (b"nonsense", {**PROTOBUF, "Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"x" * 999)[:-9], {**PROTOBUF, "Content-Encoding": "gzip"}, 400),
        (b"", {**PROTOBUF, "Content-Encoding": "br"}, 415),
        (gzip.compress(bytes(LIMIT + 1), 1), {**PROTOBUF, "Content-Encoding": "gzip"}, 413),
        (zlib.compress(b""), {**PROTOBUF, "Content-Encoding": "deflate"}, 200),
        (b"", {**PROTOBUF, "Host": "attacker.example"}, 403),
        (b"", {**PROTOBUF, "Host": "localhost:4318"}, 200),
        (b"", {**PROTOBUF, "Host": "[::1]:4318"}, 200),
        (b"", {**PROTOBUF, "Host": "[not"}, 403),
    ],
)
def test_what_can_not_be_taken_is_refused_by_name(ask, body, headers, status):
    """Each kind of wrong request has its own status."""
    assert ask(body=body, headers=headers)[0] == status


@pytest.mark.parametrize(
    ("length", "status"),
    [(None, 411), ("-5", 411), ("ten", 411), (str(LIMIT + 1), 413), ("9" * 5000, 413)],
)
def test_a_body_without_a_sane_length_is_not_read(receiver, length, status):
    """Nobody makes the receiver read without end."""
    host, port = receiver.endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        said = f"Content-Length: {length}\r\n" if length else ""
        connection.sendall(f"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\n{said}\r\n".encode())

        assert connection.recv(99).startswith(f"HTTP/1.1 {status} ".encode())


def test_spans_without_an_id_are_reported_as_rejected(ask, store):
    """The sender learns how many of its spans can't be kept."""
    spans = ResourceSpans(scope_spans=[ScopeSpans(spans=[Span(name="lost"), Span(name="too")])])

    status, body, _ = ask(
        body=ExportTraceServiceRequest(resource_spans=[spans]).SerializeToString()
    )

    assert status == 200
    assert ExportTraceServiceResponse.FromString(body).partial_success.rejected_spans == 2
    assert count(store) == 0


def test_logs_are_declined_in_words(ask):
    """A log is answered, so that nobody sends it again, and said not to be kept."""
    scope = ScopeLogs(log_records=[LogRecord(), LogRecord()])
    request = ExportLogsServiceRequest(resource_logs=[ResourceLogs(scope_logs=[scope])])

    status, body, _ = ask(path="/v1/logs", body=request.SerializeToString())

    answer = ExportLogsServiceResponse.FromString(body).partial_success
    assert (status, answer.rejected_log_records) == (200, 2)
    assert answer.error_message == "aiprov serve keeps traces only"


def test_metrics_are_declined_in_words(ask):
    """The same of metrics, by their data points; one without data is none."""
    points = Metric(gauge=Gauge(data_points=[NumberDataPoint()] * 3))
    scope = ScopeMetrics(metrics=[points, Metric()])
    request = ExportMetricsServiceRequest(resource_metrics=[ResourceMetrics(scope_metrics=[scope])])

    status, body, _ = ask(path="/v1/metrics", body=request.SerializeToString())

    answer = ExportMetricsServiceResponse.FromString(body).partial_success
    assert (status, answer.rejected_data_points) == (200, 3)
    assert ask(path="/v1/metrics", body=b"nonsense")[0] == 400


def test_a_store_that_fails_asks_for_a_retry(ask, store, batch):
    """Nothing is lost while the store can't be written: 503 and when to come again."""
    store.close()

    status, body, headers = ask(body=batch)

    assert status == 503
    assert int(headers["Retry-After"]) > 0
    assert b"was closed" in body


def test_the_report_is_shown_while_it_receives(ask, batch):
    """The one that holds the store is the one to ask."""
    ask(body=batch)

    status, body, headers = ask("GET", "/report.json", headers={})

    assert status == 200
    assert headers["Content-Type"].startswith("application/json")
    assert json.loads(body)["arms"][0]["calls"] == 50
    assert ask("GET", "/etc/passwd", headers={})[0] == 404


def test_a_port_in_use_is_named(store, receiver):
    """The line says which port, and what to do."""
    port = int(receiver.endpoint.rpartition(":")[2])

    with pytest.raises(AiprovError, match=f"port {port} is in use: .*--port") as error:
        Receiver(store, port=port)

    assert "\n" not in str(error.value)


@pytest.mark.parametrize("port", [-1, 65536])
def test_what_is_no_port_is_named(store, port):
    """A number out of range is refused in one line."""
    with pytest.raises(AiprovError, match="is no port"):
        Receiver(store, port=port)


def test_closing_does_not_wait_for_idle_connections(store):
    """A client that keeps its connection does not keep the receiver."""
    receiver = Receiver(store, port=0)
    host, port = receiver.endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"GET /report.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        began = time.monotonic()
        receiver.close()
        assert time.monotonic() - began < 5

    with Receiver(store, port=int(port)):
        pass  # the port is free again


def test_a_client_that_goes_away_leaves_no_noise(receiver, store, batch, capfd):
    """A connection that breaks in the middle is nobody's traceback."""
    host, port = receiver.endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
        )
    receiver.close()

    assert capfd.readouterr() == ("", "")
    assert count(store) == 0


def test_a_batch_that_was_answered_survives_a_kill(tmp_path, batch):
    """SIGKILL after the answer: the spans are in the store."""
    code = (
        "import sys, time; from pathlib import Path; "
        "from aiprov_otel.local.store import Store; "
        "from aiprov_otel.local.receiver import Receiver; "
        "r = Receiver(Store.open(Path(sys.argv[1])), port=0); "
        "print(r.endpoint, flush=True); time.sleep(60)"
    )
    path = tmp_path / "telemetry.duckdb"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, path]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip().removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=10)
        connection.request("POST", "/v1/traces", batch, PROTOBUF)
        assert connection.getresponse().status == 200
        connection.close()
        process.kill()

    with Store.read(path) as store:
        assert count(store) == 50


def test_the_exporter_sends_again_what_was_not_stored(tmp_path, caplog):
    """A receiver that can't store for a moment loses no span of the real exporter."""
    caplog.set_level(logging.CRITICAL)
    path = tmp_path / "telemetry.duckdb"
    broken = Store.open(path)
    first = Receiver(broken, port=0)
    broken.close()
    service = Service()
    service.span("total", by=AI)
    exporter = OTLPSpanExporter(f"{first.endpoint}/v1/traces", timeout=20)
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(exporter.export, service.memory.get_finished_spans())
        time.sleep(0.5)
        port = int(first.endpoint.rpartition(":")[2])
        first.close()
        with Store.open(path) as store, Receiver(store, port=port):
            assert sent.result(20) is SpanExportResult.SUCCESS
            assert count(store) == 1
    exporter.shutdown()
