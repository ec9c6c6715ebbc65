"""What one sender does costs no other: memory, connections and time have limits."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import secrets
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from aiprov_otel.receiver.admission import BODY_LIMIT
from aiprov_otel.telemetry.otlp_protobuf import _varint_bytes
from support.command import start
from support.telemetry import AI, Service
from support.telemetry import serve as load

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}
MEMORY = 400
"""MiB that the receiver may take, whatever arrives; about 120 of them are its libraries."""


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    with receiver(tmp_path_factory.mktemp("serve")) as process:
        yield process


@contextmanager
def receiver(folder):
    """`aiprov serve` as a process of its own, with its *address*."""
    with start("serve", "--port", "0", "--store", "s.duckdb", cwd=folder) as process:
        process.address = re.search(r"http://([\d.:]+)", process.stderr.readline())[1]
        yield process
        process.terminate()
        process.communicate(timeout=30)


def post(serve, body, headers, path="/v1/traces"):
    connection = http.client.HTTPConnection(serve.address, timeout=120)
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, text


def most_memory(process) -> float:
    """MiB that the process had in memory at most."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def field(number: int, content: bytes) -> bytes:
    """A message's field that holds *content*."""
    return _varint_bytes(number << 3 | 2) + _varint_bytes(len(content)) + content


def span(more: bytes) -> bytes:
    return field(2, field(1, b"t" * 16) + field(2, b"s" * 8) + more)


def spans(*parts: bytes) -> bytes:
    return field(2, b"".join(parts))


def filled(start: bytes, part: bytes, end: bytes = b"") -> bytes:
    """*part* as often as a body may hold it."""
    return start + part * ((BODY_LIMIT - len(start) - len(end)) // len(part)) + end


LISTS = field(9, field(2, field(5, b"\x0a\x00" * (3 * 2**20))))
EMPTY_ATTRIBUTES = span(b"\x4a\x00" * (7 * 2**19))  # 7 MiB
LARGE_RESOURCE = field(1, field(1, field(1, b"k") + field(2, field(1, b"v" * 6 * 2**20))))
MANY = span(b"") * 50_000

BODIES = {
    "resources": (filled(b"", b"\x0a\x00"), PROTOBUF, {400}),
    "spans": (field(1, field(2, b"\x12\x00" * (30 * 2**20))), PROTOBUF, {400}),
    "attributes": (field(1, spans(*[EMPTY_ATTRIBUTES] * 9)), PROTOBUF, {200}),
    "lists in attributes": (field(1, spans(*[span(LISTS)] * 9)), PROTOBUF, {200}),
    "a large resource": (field(1, LARGE_RESOURCE + spans(MANY)), PROTOBUF, {200}),
    "objects": (filled(b'{"resourceSpans":[{}', b",{}", b"]}"), JSON, {413}),
    "lists": (filled(b'{"a":[[]', b",[]", b"]}"), JSON, {413}),
    "numbers": (filled(b'{"a":[1', b",1", b"]}"), JSON, {413}),
    "texts": (filled(b'{"a":[""', b',""', b"]}"), JSON, {413}),
    "text with a wide character": (filled('{"a":"😀'.encode(), b"a", b'"}'), JSON, {413}),
    "halves of characters": (filled(b'{"a":"', b"\\ud800", b'"}')[:-8] + b'"}', JSON, {200, 413}),
    "brackets": (filled(b"", b"["), JSON, {413}),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_small_body_does_not_become_a_large_one(serve, name):
    """A few bytes of gzip can be very many values; the receiver takes as much memory as always."""
    body, headers, statuses = BODIES[name]
    packed = gzip.compress(body, 9)
    assert len(packed) < len(body) / 100

    status, answer = post(serve, packed, {**headers, "Content-Encoding": "gzip"})

    assert status in statuses, answer
    assert most_memory(serve) < MEMORY


def test_a_long_resource_does_not_become_long_rows(serve):
    """What its resource or its scope says is on each row of a span, so the longest of it goes."""
    long = field(1, b"k") + field(2, field(1, b"v" * 100_000))
    named = field(1, b"service.name") + field(2, field(1, b"shop"))
    resource = field(1, field(1, long) + field(1, named))
    for number in range(5):
        ids = (bytes([number]) * 14 + bytes(divmod(each, 256)) for each in range(1500))
        each = b"".join(field(2, field(1, one) + field(2, b"s" * 8)) for one in ids)
        scope = field(1, field(1, b"n" * 100_000) + field(3, long))
        body = field(1, resource + field(2, scope + each))
        assert post(serve, body, PROTOBUF)[0] == 200

    assert most_memory(serve) < MEMORY


def test_a_body_that_was_refused_is_not_kept(serve):
    """Its error keeps nothing of it alive until some garbage collection."""
    packed = gzip.compress(filled(b"", b"\x0a\x00"), 9)
    headers = {**PROTOBUF, "Content-Encoding": "gzip"}

    assert [post(serve, packed, headers)[0] for _ in range(6)] == [400] * 6
    assert most_memory(serve) < MEMORY


@pytest.mark.parametrize("path", ["/v1/logs", "/v1/metrics"])
def test_what_is_not_kept_takes_no_memory(serve, path):
    """Logs and metrics are counted as they stand."""
    packed = gzip.compress(field(1, field(2, b"\x12\x00" * (30 * 2**20))), 9)

    assert post(serve, packed, {**PROTOBUF, "Content-Encoding": "gzip"}, path)[0] == 400
    assert most_memory(serve) < MEMORY


def test_connections_that_announce_much_take_no_room(serve):
    """Room is taken for bytes that have come: those that are announced keep nobody out."""
    host, port = serve.address.split(":")
    service = Service()
    service.span("total", by=AI)
    head = (
        f"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: {BODY_LIMIT}\r\n"
        "Content-Type: application/x-protobuf\r\n\r\n"
    )
    idle = [socket.create_connection((host, int(port)), timeout=30) for _ in range(20)]
    for connection in idle:
        connection.sendall(head.encode() + b"\x0a")

    assert post(serve, service.request(), PROTOBUF)[0] == 200
    for connection in idle:
        connection.close()


def test_pages_at_once_take_little_memory(tmp_path):
    """24 pages that are requested at once take as much memory as a few."""
    service = Service()
    load(service)
    with receiver(tmp_path) as process:
        assert post(process, service.request(), PROTOBUF)[0] == 200

        def status(_):
            connection = http.client.HTTPConnection(process.address, timeout=120)
            connection.request("GET", "/")
            response = connection.getresponse()
            response.read()
            connection.close()
            return response.status

        with ThreadPoolExecutor(24) as pool:
            assert list(pool.map(status, range(24))) == [200] * 24
        assert most_memory(process) < 300


def test_spans_with_prompts_take_little_memory(tmp_path):
    """200 MB of texts of 200 KB each are received, and a page is made of their spans."""
    text = secrets.token_hex(100_000)
    with receiver(tmp_path) as process:
        for _ in range(20):
            service = Service()
            for _ in range(50):
                service.span("chat", by=AI, prompt=text)
            assert post(process, service.request(), PROTOBUF)[0] == 200
        assert most_memory(process) < 300
        connection = http.client.HTTPConnection(process.address, timeout=120)
        connection.request("GET", "/report.json")
        response = connection.getresponse()
        assert response.status == 200
        assert json.loads(response.read())["arms"][0]["calls"] == 1_000
        connection.close()
        assert most_memory(process) < MEMORY


def test_it_still_receives_after_all_of_it(serve):
    """Whatever came, the next batch is stored."""
    service = Service()
    service.span("total", by=AI)

    assert post(serve, service.request(), PROTOBUF) == (200, b"")


def test_a_chunked_body_is_received(serve):
    """Node's exporters announce no length."""
    body = json.dumps({"resourceSpans": []}).encode()
    requests = ((body, JSON), (gzip.compress(body), JSON | {"Content-Encoding": "gzip"}))
    for packed, headers in requests:
        connection = http.client.HTTPConnection(serve.address, timeout=30)
        connection.request(
            "POST", "/v1/traces", iter([packed[:9], packed[9:]]), headers, encode_chunked=True
        )
        assert connection.getresponse().status == 200
        connection.close()


def test_a_chunked_body_without_end_is_refused(serve):
    """The limit is counted as the bytes come."""
    connection = http.client.HTTPConnection(serve.address, timeout=60)
    endless = (bytes(2**20) for _ in range(BODY_LIMIT // 2**20 + 20))
    try:
        connection.request("POST", "/v1/traces", endless, PROTOBUF, encode_chunked=True)
    except OSError:
        pass  # the receiver has closed the connection in the middle of it
    else:
        assert connection.getresponse().status == 413
    connection.close()
    assert most_memory(serve) < MEMORY
