"""Log records as they arrive: what a collector would be sent over OTLP."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from support.waiting import PATIENCE


@dataclass(frozen=True, slots=True)
class Arrived:
    """A log record of the wire."""

    scope: str
    event: str
    severity: str
    body: str
    trace_id: str
    attributes: dict[str, Any]


class Collector:
    """What was sent to `endpoint`, as the exporter's environment wants it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._records: list[Arrived] = []
        self._changed = threading.Condition()

    def add(self, records: list[Arrived]) -> None:
        """Keep *records*."""
        with self._changed:
            self._records += records
            self._changed.notify_all()

    def wait(self, count: int = 1) -> list[Arrived]:
        """All records, once there are *count* of them, or when patience ends."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._records) >= count, PATIENCE)
            return list(self._records)


@contextmanager
def collector() -> Iterator[Collector]:
    """A collector of log records on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            found.add(list(_read(body)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Collector(f"http://127.0.0.1:{server.server_address[1]}/v1/logs")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def exporting(endpoint: str) -> dict[str, str]:
    """The environment in which `opentelemetry-instrument` sends logs, and nothing else, there."""
    return {
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": endpoint,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def _read(body: bytes) -> Iterator[Arrived]:
    for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
        for scope in resource.scope_logs:
            for record in scope.log_records:
                said = {each.key: _value(each.value) for each in record.attributes}
                yield Arrived(
                    scope.scope.name,
                    record.event_name,
                    record.severity_text,
                    record.body.string_value,
                    record.trace_id.hex(),
                    said,
                )


def _value(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))
