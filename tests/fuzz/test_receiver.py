"""The real receiver under requests that are almost valid: it answers each, lives, and stores."""

from __future__ import annotations

import base64
import gzip
import http.client
import os
import re
import socket
import sys
import time
import zlib
from collections import Counter
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from aiprov_otel.telemetry.store import Store
from support.command import start
from support.fuzz import SEED
from support.mutation import Mutator
from support.otlp import as_json
from support.telemetry import AI, HUMAN, Service

MINUTES = float(os.environ.get("ATTACK_MINUTES", "10"))
"""Of all targets together, those of the parsers included."""

FEW = 60
MEMORY = 400
"""MiB that the receiver may take, whatever arrives."""

BATCH = 99
STATUSES = {200, 400, 403, 404, 405, 408, 411, 413, 414, 415, 429, 431, 503}
PROTOBUF, JSON = "application/x-protobuf", "application/json"
PATHS = (*["/v1/traces"] * 6, "/v1/logs", "/v1/metrics", "/", "/report.json", "/v1/tracez", "//")


class Attacker:
    """Sends requests to the receiver at *address*, the same at each run."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._mutator = Mutator(f"{SEED} receiver")
        self._random = self._mutator.random
        service = Service()
        parent = service.span("GET /", ratio=0.5, words=["a"], text="é")
        service.span("total", parent, by=AI, failed=True, raised=(KeyError("k"), HUMAN))
        self._one = service.request()
        self.good: set[str] = set()
        self.answers: Counter[int] = Counter()

    def attack(self) -> None:
        """One request of some kind."""
        kind = self._random.choice((self._mutated, self._mutated, self._beside, self._raw))
        kind()

    def _mutated(self) -> None:
        body, encoding = self._body()
        headers = {"Content-Type": self._random.choice((encoding, encoding, PROTOBUF, JSON, "x"))}
        body = self._packed(body, headers)
        self._post(self._random.choice(PATHS), body, headers)

    def _body(self) -> tuple[bytes, str]:
        if self._random.random() < 0.5:
            mutate, body, encoding = self._mutator.change_protobuf, self._one, PROTOBUF
        else:
            mutate, body, encoding = self._mutator.change_json, as_json(self._one), JSON
        for _ in range(self._random.choice((1, 2, 4))):
            body = self._random.choice((mutate, self._mutator.change_bytes))(body)
        return body, encoding

    def _packed(self, body: bytes, headers: dict[str, str]) -> bytes:
        match self._random.randrange(8):
            case 0:
                headers["Content-Encoding"] = "gzip"
                return gzip.compress(body)
            case 1:
                headers["Content-Encoding"] = "deflate"
                return zlib.compress(body)
            case 2:
                headers["Content-Encoding"] = "gzip"
                return self._mutator.change_bytes(gzip.compress(body))
            case 3:
                headers["Content-Encoding"] = self._random.choice(
                    ("br", "", "identity", "gzip, gzip")
                )
        return body

    def _beside(self) -> None:
        """A batch of good spans and one that is not."""
        request, spans = self._batch()
        bad = self._mutator.change_protobuf(spans[0].SerializeToString())
        scope = request.resource_spans[0].scope_spans[0].SerializeToString()
        scope += b"\x12" + _varint(len(bad)) + bad
        body = b"\x0a" + _varint(len(_scope(scope))) + _scope(scope)
        answer = self._post("/v1/traces", body, {"Content-Type": PROTOBUF})
        if answer == 200:
            self.good |= {span.span_id.hex() for span in spans}
        else:
            # A field that swallows what follows makes the request one that is none at all.
            assert answer == 400, answer

    def _batch(self) -> tuple[ExportTraceServiceRequest, list]:
        request = ExportTraceServiceRequest.FromString(self._one)
        spans = request.resource_spans[0].scope_spans[0].spans
        model = spans[0].SerializeToString()
        del spans[:]
        for _ in range(BATCH):
            span = spans.add()
            span.ParseFromString(model)
            span.span_id = self._random.randbytes(8)
            span.trace_id = self._random.randbytes(16)
        return request, list(spans)

    def _raw(self) -> None:
        """Bytes that may not even be HTTP: the connection is answered or closed."""
        body = self._one
        head = (
            f"POST /v1/traces HTTP/1.1\r\nHost: {self._address}\r\nContent-Type: {PROTOBUF}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        ).encode()
        head = self._mutator.change_bytes(
            head, [b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n"]
        )
        host, port = self._address.split(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.settimeout(60)
            try:
                connection.sendall(head + body)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(2**16):
                    pass
            except (ConnectionResetError, BrokenPipeError):
                pass

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        connection = http.client.HTTPConnection(self._address, timeout=60)
        method = self._random.choice(("POST",) * 9 + ("GET",)) if path != "/v1/traces" else "POST"
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            response.read()
        except OSError:
            response = None  # refused before all of the body was sent
        finally:
            connection.close()
        status = response.status if response else 0
        self.answers[status] += 1
        shown = base64.b64encode(body).decode()
        assert status in STATUSES, f"{status}: {method} {path} {headers} {shown} of {SEED!r}"
        return status


def _scope(content: bytes) -> bytes:
    return b"\x12" + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    from aiprov_otel.telemetry.otlp_protobuf import _varint_bytes

    return _varint_bytes(number)


def attacked(folder: Path, *, cases: int | None = None, seconds: float = 0) -> Counter[int]:
    """Attacks a receiver, and sees that it lived, took little, and has every good span."""
    kept = ("--keep-days", "36500")  # each span that was acknowledged is looked for in the end
    with start("serve", "--port", "0", "--store", "s.duckdb", *kept, cwd=folder) as process:
        address = re.search(r"http://([\d.:]+)", process.stderr.readline())[1]
        attacker = Attacker(address)
        end, number = time.monotonic() + seconds, 0
        while number < cases if cases is not None else time.monotonic() < end:
            number += 1
            attacker.attack()
            assert process.poll() is None, f"case {number} of the seed {SEED!r}"
        status = Path(f"/proc/{process.pid}/status").read_text()
        process.terminate()
        _, complaint = process.communicate(timeout=60)
    assert process.returncode == 143
    assert complaint.splitlines() == ["aiprov: stopping"], complaint
    assert int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024 < MEMORY
    with Store.read(folder / "s.duckdb") as store:
        stored = {span for (span,) in store.query("SELECT SpanId FROM otel_traces")}
    assert attacker.good
    assert attacker.good <= stored
    return attacker.answers


def test_a_few_requests(tmp_path):
    """Every answer has a status, the process lives, and a bad span costs none of 99 good ones."""
    attacked(tmp_path, cases=FEW)


@pytest.mark.attack
def test_many_requests(tmp_path):
    """The same for minutes: the receiver also takes no more memory than it may."""
    answers = attacked(tmp_path, seconds=MINUTES * 60 * 0.3)
    sys.stdout.write(f"the receiver: {answers.total():,} requests, {dict(answers)}\n")
