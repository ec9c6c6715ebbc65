"""The receiver takes OTLP from the real exporter, and answers once a batch is stored."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import resource
import socket
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from urllib.parse import urlsplit

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
from aiprov_otel.receiver.admission import BODY_LIMIT, CONNECTIONS, _warn_of_grpc
from aiprov_otel.receiver.server import Receiver
from aiprov_otel.telemetry.store import Store
from support.command import start
from support.telemetry import AI, Service
from support.waiting import PATIENCE, until

PROTOBUF = {"Content-Type": "application/x-protobuf"}
TOO_LARGE = gzip.compress(bytes(BODY_LIMIT + 1), 1, mtime=0)


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
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)

    def ask(method="POST", path="/v1/traces", body=b"", headers=PROTOBUF):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read(), response.headers

    yield ask
    connection.close()


def post(endpoint, body):
    """The answer to *body* on a connection of its own."""
    address = endpoint.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    connection.request("POST", "/v1/traces", body, PROTOBUF)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def one_span(number) -> bytes:
    """A batch with one span, whose ids are made of *number*."""
    span = Span(trace_id=number.to_bytes(16, "big"), span_id=(number + 1).to_bytes(8, "big"))
    spans = ResourceSpans(scope_spans=[ScopeSpans(spans=[span])])
    return ExportTraceServiceRequest(resource_spans=[spans]).SerializeToString()


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
    with ThreadPoolExecutor(8) as pool:
        statuses = [
            one.status for one in pool.map(lambda _: post(receiver.endpoint, batch), range(24))
        ]

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
        (b"{}", {"Content-Type": "application/json"}, 200),
        (b"[]", {"Content-Type": "application/json"}, 400),
        (b'{"resourceSpans": 5}', {"Content-Type": "application/json; charset=utf-8"}, 400),
        (b"\xff", {"Content-Type": "application/json"}, 400),
        (b"[" * 10**6, {"Content-Type": "application/json"}, 400),
        (b"", {}, 415),
        (b"nonsense", {**PROTOBUF, "Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"x" * 999, mtime=0)[:-9], {**PROTOBUF, "Content-Encoding": "gzip"}, 400),
        (b"", {**PROTOBUF, "Content-Encoding": "br"}, 415),
        (TOO_LARGE, {**PROTOBUF, "Content-Encoding": "gzip"}, 413),
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
    [
        (None, 411),
        ("-5", 400),
        ("+5", 400),
        ("5_0", 400),
        ("ten", 400),
        (str(BODY_LIMIT + 1), 413),
        ("9" * 20, 413),
        ("9" * 5000, 400),
    ],
)
def test_a_body_without_a_sane_length_is_not_read(receiver, length, status):
    """Nobody makes the receiver read without end."""
    host, port = receiver.endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        said = f"Content-Length: {length}\r\n" if length else ""
        connection.sendall(f"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\n{said}\r\n".encode())

        assert connection.recv(99).startswith(f"HTTP/1.1 {status} ".encode())


def test_json_is_understood_and_answered_in_json(ask, store):
    """What a browser's or a script's exporter sends is stored; the answer is in its encoding."""
    span = {"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174"}
    scope = {"spans": [{**span, "name": "total"}, {"name": "lost"}]}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [scope]}]}).encode()

    status, answer, headers = ask(body=body, headers={"Content-Type": "application/json"})
    refused = ask(body=b"nonsense", headers={"Content-Type": "application/json"})

    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(answer)["partialSuccess"]["rejectedSpans"] == "1"
    assert json.loads(refused[1]) == {"message": "this is not an ExportTraceServiceRequest in JSON"}
    assert store.query("SELECT TraceId, SpanName FROM otel_traces") == [
        ("5b8efff798038103d269b633813fc60c", "total")
    ]


def test_logs_and_metrics_in_json_are_declined_in_words(ask):
    """They are answered in JSON too."""
    json_kind = {"Content-Type": "application/json"}
    logs = b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{}, {}]}]}]}'

    status, answer, _ = ask(path="/v1/logs", body=logs, headers=json_kind)

    assert (status, json.loads(answer)["partialSuccess"]["rejectedLogRecords"]) == (200, "2")
    assert ask(path="/v1/metrics", body=b"{", headers=json_kind)[0] == 400


def test_more_than_can_be_stored_is_asked_to_come_again(store, batch):
    """Back-pressure: 429 and when to come again; what waits is stored in the end."""
    with (
        Receiver(store, port=0, room=len(batch), patience=0.1) as receiver,
        ThreadPoolExecutor(1) as pool,
    ):
        with store._lock:  # a disk that takes its time
            waiting = pool.submit(post, receiver.endpoint, batch)
            until(lambda: not receiver._room.free, "the batch takes all the room")
            refused = post(receiver.endpoint, batch)
        stored = waiting.result(PATIENCE)
        again = post(receiver.endpoint, batch)

    assert (refused.status, stored.status, again.status) == (429, 200, 200)
    assert int(refused.headers["Retry-After"]) > 0
    assert count(store) == 50


def test_batches_of_many_connections_are_stored_together(store):
    """A transaction is shared by what arrives while the one before is written."""
    with Receiver(store, port=0) as receiver, ThreadPoolExecutor(9) as pool:
        with store._lock:
            answers = [pool.submit(post, receiver.endpoint, one_span(n)) for n in range(9)]
            until(lambda: len(receiver._commits._gathered) == 8, "all but one wait")
        statuses = [answer.result(PATIENCE).status for answer in answers]

    assert statuses == [200] * 9
    assert count(store) == 9


def test_more_connections_than_threads_are_turned_away(receiver):
    """A flood of connections is answered with 429, and makes no thread."""
    host, port = receiver.endpoint.removeprefix("http://").split(":")
    with ExitStack() as opened:
        for _ in range(CONNECTIONS):
            opened.enter_context(socket.create_connection((host, int(port)), timeout=PATIENCE))
        late = opened.enter_context(socket.create_connection((host, int(port)), timeout=PATIENCE))

        assert late.recv(99).startswith(b"HTTP/1.1 429 ")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("192.0.2.7:4318", 200),
        ("receiver:4318", 200),
        (socket.getfqdn(), 200),
        ("host.docker.internal:4318", 200),
        ("host.containers.internal", 200),
        ("aiprov.shop.svc.cluster.local:4318", 200),
        ("shop.localhost", 200),
        ("receiver.local.", 200),
        ("attacker.example", 403),
        ("local.attacker.example", 403),
        ("notinternal.example", 403),
        ("[::1]:4318", 200),
        ("RECEIVER:", 200),
        ("attacker.example@localhost", 403),
        ("[::1].attacker.example", 403),
        ("localhost:attacker.example", 403),
        ("127.0.0.1:4318:attacker.example", 403),
        ("localhost/attacker.example", 403),
        ("localhost#attacker.example", 403),
        ("localhost?attacker.example", 403),
        ("", 403),
    ],
)
def test_another_interface_has_its_own_names(store, name, status):
    """Asked to listen to the network, it takes no name that a stranger could make point at it."""
    with Receiver(store, host="0.0.0.0", port=0) as receiver:
        address = receiver.endpoint.replace("0.0.0.0", "127.0.0.1").removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=PATIENCE)
        connection.request("POST", "/v1/traces", b"", {**PROTOBUF, "Host": name})
        assert connection.getresponse().status == status
        connection.close()


def test_an_address_of_another_machine_is_named(store):
    """The line says what to name instead."""
    for host in ("192.0.2.7", "no.such.host.invalid"):
        with pytest.raises(AiprovError, match=f"{host} is not an address of this machine"):
            Receiver(store, host=host, port=0)


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


def test_the_report_is_shown_to_people(ask, batch):
    """The same address in a browser: a page that no other page may frame or read."""
    ask(body=batch)

    status, body, headers = ask("GET", "/", headers={})

    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"50 spans" in body
    assert b"50 calls of application code" in ask("GET", "/?view=comparison", headers={})[1]
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers
    assert ask("GET", "/", headers={"Host": "evil.example"})[0] == 403


def test_a_port_in_use_is_named(store, receiver):
    """The line says which port, and what to do."""
    port = int(receiver.endpoint.rpartition(":")[2])

    with pytest.raises(AiprovError, match=f"port {port} is in use: .*--port") as error:
        Receiver(store, port=port)

    assert "\n" not in str(error.value)


@pytest.mark.parametrize("port", [-1, 65536])
def test_what_is_no_port_is_named(store, port):
    """A number out of range is refused in one line."""
    with pytest.raises(AiprovError, match="is not a valid port"):
        Receiver(store, port=port)


def test_a_sender_of_grpc_is_named(receiver, caplog):
    """What speaks HTTP/2 is closed, and the log says once what to set in that service."""
    _warn_of_grpc.cache_clear()
    address = urlsplit(receiver.endpoint)
    for _ in range(2):
        with socket.create_connection((address.hostname, address.port), PATIENCE) as sender:
            sender.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            assert sender.recv(100) == b""

    (message,) = caplog.messages
    assert "set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf" in message


def test_closing_does_not_wait_for_idle_connections(store):
    """A client that keeps its connection does not keep the receiver."""
    receiver = Receiver(store, port=0)
    host, port = receiver.endpoint.removeprefix("http://").split(":")
    with (
        socket.create_connection((host, int(port)), timeout=PATIENCE) as connection,
        ThreadPoolExecutor(1) as pool,
    ):
        connection.sendall(b"GET /report.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        pool.submit(receiver.close).result(PATIENCE)

    with Receiver(store, port=int(port)):
        pass  # the port is free again


def test_closing_does_not_wait_for_a_store_that_hangs(store, batch):
    """A request that can't be stored is given up: its sender will send it again."""
    receiver = Receiver(store, port=0)
    with ThreadPoolExecutor(1) as pool, store._lock:
        waiting = pool.submit(post, receiver.endpoint, batch)
        until(lambda: receiver._room.free < receiver._room.size, "the batch takes room")
        receiver.close()
        with suppress(OSError, http.client.HTTPException):
            assert waiting.result(PATIENCE).status >= 500


def test_pages_that_are_asked_for_at_once_are_made_once_more(receiver, store, batch):
    """One report is made at a time, and shared by those who wait; each has what came before it."""
    assert post(receiver.endpoint, batch).status == 200

    def count_calls(_):
        address = receiver.endpoint.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.request("GET", "/report.json")
        document = json.loads(connection.getresponse().read())
        connection.close()
        return document["arms"][0]["calls"]

    with ThreadPoolExecutor(24) as pool:
        assert list(pool.map(count_calls, range(24))) == [50] * 24


def test_a_client_that_goes_away_leaves_no_noise(receiver, store, batch, capfd):
    """A connection that breaks in the middle is nobody's traceback."""
    host, port = receiver.endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
        )
    receiver.close()

    assert capfd.readouterr() == ("", "")
    assert count(store) == 0


def test_a_kill_in_the_middle_of_a_load_loses_nothing_that_was_answered(tmp_path):
    """SIGKILL while batches arrive: each that was answered is in the store, once."""
    path = tmp_path / "telemetry.duckdb"
    with start("serve", "--port", "0", "--store", str(path), cwd=tmp_path) as process:
        address = re.search(r"http://([\d.:]+)", process.stderr.readline())[1]
        answered = set()

        def load(sender):
            with closing(http.client.HTTPConnection(address, timeout=PATIENCE)) as connection:
                for number in range(sender, 10**6, 4):
                    try:
                        connection.request("POST", "/v1/traces", one_span(number), PROTOBUF)
                        assert connection.getresponse().read() == b""
                    except (OSError, http.client.HTTPException):
                        return
                    answered.add(f"{number:032x}")

        with ThreadPoolExecutor(4) as pool:
            loads = [pool.submit(load, sender) for sender in range(4)]
            until(lambda: len(answered) >= 100, "a hundred batches are answered")
            process.kill()
            for one in loads:
                one.result(PATIENCE)

    with Store.open(path) as store:
        stored = [trace for (trace,) in store.query("SELECT TraceId FROM otel_traces")]
    assert answered <= set(stored)
    assert len(stored) == len(set(stored)) <= len(answered) + 4


def test_a_full_disk_loses_nothing_and_takes_more_when_there_is_room(tmp_path, batch):
    """While files can't grow a batch is refused, in words; later it is stored, and all before."""
    path = tmp_path / "telemetry.duckdb"
    with start("serve", "--port", "0", "--store", str(path), cwd=tmp_path) as process:
        endpoint = re.search(r"http://[\d.:]+", process.stderr.readline())[0]
        assert post(endpoint, one_span(1)).status == 200
        _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1000, most))  # stands in for it
        refused = post(endpoint, batch)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
        stored = post(endpoint, batch)
        process.kill()

    assert (refused.status, stored.status) == (503, 200)
    assert int(refused.headers["Retry-After"]) > 0
    with Store.read(path) as store:
        assert count(store) == 51


def test_the_exporter_sends_again_what_was_not_stored(tmp_path, caplog):
    """A receiver that can't store for a moment loses no span of the real exporter."""
    path = tmp_path / "telemetry.duckdb"
    broken = Store.open(path)
    first = Receiver(broken, port=0)
    broken.close()
    service = Service()
    service.span("total", by=AI)
    exporter = OTLPSpanExporter(f"{first.endpoint}/v1/traces", timeout=PATIENCE)
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(exporter.export, service.memory.get_finished_spans())
        until(lambda: "retrying" in caplog.text, "the exporter was refused once")
        port = int(first.endpoint.rpartition(":")[2])
        first.close()
        with Store.open(path) as store, Receiver(store, port=port):
            assert sent.result(PATIENCE) is SpanExportResult.SUCCESS
            assert count(store) == 1
    exporter.shutdown()
