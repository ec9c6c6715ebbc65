"""
What the receiver takes: senders in processes of their own, on the same machine, as fast as it goes.

Every sender keeps one connection and sends its next batch when the last one is answered, as an
exporter does; so what is counted was stored. Printed are spans a second, the time until an answer,
and the most memory that the receiver held. Run it with `make bench`.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Final

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from aiprov_otel.telemetry.store import Store

SERVE: Final = (sys.executable, "-m", "aiprov_otel", "serve", "--port", "0", "--keep-days", "36500")
PATIENCE: Final = 600  # seconds until a sender that does not answer ends all
BATCH: Final = 512  # what an exporter sends at once by default
ATTRIBUTES: Final = {
    "aiprov.origin": "ai",
    "aiprov.agent.name": "claude-code",
    "aiprov.model.name": "claude-opus-4-6",
    "aiprov.commit.id": "9fd81c2" + "0" * 33,
    "aiprov.evidence.kind": "co-author",
    "aiprov.match": "exact",
    "aiprov.unit": "function",
    "code.function.name": "shop.cart.total",
    "code.file.path": "src/shop/cart.py",
}
HEADERS: Final = {
    "protobuf": {"Content-Type": "application/x-protobuf"},
    "gzip": {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"},
    "json": {"Content-Type": "application/json"},
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=200_000, help="to send in each form")
    parser.add_argument("--senders", type=int, default=4)
    args = parser.parse_args()
    for form in HEADERS:
        _measure(form, args.spans // BATCH // args.senders, args.senders)


def _measure(form: str, batches: int, senders: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "telemetry.duckdb"
        command = [*SERVE, "--store", str(store)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as receiver:
            assert receiver.stderr
            found = re.search(r"http://([\d.:]+)", receiver.stderr.readline())
            assert found
            address = found[1]
            seconds, answers = _load(address, form, batches, senders)
            held, busy = _most_memory(receiver.pid), _cpu_seconds(receiver.pid)
            receiver.terminate()
        _check(store, batches * senders * BATCH)
        size = store.stat().st_size
    spans = batches * senders * BATCH
    print(
        f"{form:<9} {spans:>8,} spans  {spans / seconds:>7,.0f}/s  "
        f"p50 {1e3 * statistics.median(answers):.0f} ms  "
        f"p99 {1e3 * statistics.quantiles(answers, n=100)[98]:.0f} ms  "
        f"{1e6 * busy / spans:.0f} us of CPU a span  at most {held:.0f} MiB  "
        f"{size / spans:.0f} bytes a span on the disk"
    )


def _load(address: str, form: str, batches: int, senders: int) -> tuple[float, list[float]]:
    """The seconds that it took, and those that each answer took."""
    context = get_context("spawn")
    ready = context.Barrier(senders + 1)
    found = context.Queue()
    work = (address, form, batches, ready, found)
    processes = [context.Process(target=_send, args=work) for _ in range(senders)]
    for process in processes:
        process.start()
    ready.wait(PATIENCE)
    began = time.monotonic()
    answers = [answer for _ in processes for answer in found.get(timeout=PATIENCE)]
    seconds = time.monotonic() - began
    for process in processes:
        process.join()
    return seconds, answers


def _send(address: str, form: str, batches: int, ready: Barrier, found: Queue[list[float]]) -> None:
    requests = [_request(form, number) for number in range(batches)]
    connection = http.client.HTTPConnection(address, timeout=60)
    ready.wait()
    answers = []
    for request in requests:
        began = time.monotonic()
        while _status(connection, request, form) in {429, 503}:
            time.sleep(0.5)
        answers.append(time.monotonic() - began)
    found.put(answers)


def _status(connection: http.client.HTTPConnection, request: bytes, form: str) -> int:
    connection.request("POST", "/v1/traces", request, HEADERS[form])
    response = connection.getresponse()
    response.read()
    assert response.status in {200, 429, 503}, response.status
    return response.status


def _request(form: str, number: int) -> bytes:
    """A batch of spans in traces of four, with ids that no other batch has."""
    shared = [KeyValue(key=k, value=AnyValue(string_value=v)) for k, v in ATTRIBUTES.items()]
    spans = [_span(number, place, shared) for place in range(BATCH)]
    message = ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])]
    )
    if form == "json":
        return _as_json(message)
    plain = message.SerializeToString()
    return gzip.compress(plain, 1) if form == "gzip" else plain


def _span(number: int, place: int, attributes: list[KeyValue]) -> Span:
    start = 1_790_000_000_000_000_000 + (number * BATCH + place) * 1_000_000
    return Span(
        trace_id=number.to_bytes(8, "big") + (place // 4).to_bytes(4, "big") + _salt(),
        span_id=secrets.token_bytes(8),
        name="shop.cart.total",
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=start,
        end_time_unix_nano=start + 900_000,
        attributes=attributes,
    )


def _salt() -> bytes:
    """What tells the traces of one sender from those of another."""
    return os.getpid().to_bytes(4, "big")


def _as_json(message: ExportTraceServiceRequest) -> bytes:
    """As OTLP wants it, which has ids in hexadecimal."""
    document = MessageToDict(message, use_integers_for_enums=True)
    spans = message.resource_spans[0].scope_spans[0].spans
    shown = document["resourceSpans"][0]["scopeSpans"][0]["spans"]
    for span, one in zip(spans, shown, strict=True):
        one.update(traceId=span.trace_id.hex(), spanId=span.span_id.hex())
    return json.dumps(document).encode()


def _most_memory(pid: int) -> float:
    """MiB that the process had in memory at most (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024


def _cpu_seconds(pid: int) -> float:
    """What the process has used of all cores (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _check(path: Path, spans: int) -> None:
    with Store.read(path) as store:
        ((stored,),) = store.query("SELECT count(*) FROM otel_traces")
    assert stored == spans, f"{stored} of {spans} spans were stored"


if __name__ == "__main__":
    main()
