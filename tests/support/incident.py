"""A service whose requests fail when told to, and somebody who is called."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from support.generated import series

_A_SECOND: Final = 1_000  # requests


class Service:
    """Counts the requests to its human-written handlers, as the Collector counts them."""

    def __init__(self) -> None:
        self._counted = {"": 0.0, "ai": 0.0, "human": 0.0}
        self._share = {"": 1.0}
        self._at = time.monotonic()
        self._lock = threading.Lock()

    def fail(self, **share: float) -> None:
        """From now on, this *share* of the requests fails, by the origin of what is raised."""
        with self._lock:
            self._count()
            self._share = {"": 1 - sum(share.values()), **share}

    def metrics(self) -> str:
        """What it says when it is asked."""
        with self._lock:
            self._count()
        lines = []
        for raised, number in self._counted.items():
            labels = {"service_name": "shop", "span_name": "POST /pay", "aiprov_origin": "human"}
            labels |= {"span_kind": "SPAN_KIND_SERVER", "aiprov_error_origin": raised}
            labels["status_code"] = f"STATUS_CODE_{'ERROR' if raised else 'UNSET'}"
            lines.append(f"{series('traces_span_metrics_calls_total', **labels)} {number}\n")
        return "".join(lines)

    def _count(self) -> None:
        now = time.monotonic()
        for raised, share in self._share.items():
            self._counted[raised] += share * _A_SECOND * (now - self._at)
        self._at = now


class Called:
    """What reached each receiver, in order."""

    def __init__(self) -> None:
        self.alerts: list[tuple[str, dict[str, Any]]] = []

    def take(self, path: str, body: bytes) -> None:
        """A message to the receiver at *path*."""
        self.alerts += ((path.strip("/"), alert) for alert in json.loads(body)["alerts"])

    def of(self, name: str, status: str) -> list[dict[str, Any]]:
        """What was said of alert *name* when it was `firing`, or `resolved`."""
        return [alert for _, alert in self._told(name, status)]

    def who(self, name: str, status: str) -> set[str]:
        """The receivers that heard that."""
        return {receiver for receiver, _ in self._told(name, status)}

    def _told(self, name: str, status: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for receiver, alert in list(self.alerts):
            if (alert["labels"]["alertname"], alert["status"]) == (name, status):
                yield receiver, alert


@contextmanager
def listening(service: Service, called: Called) -> Iterator[str]:
    """The `host:port` that *service* is asked at, and where messages to *called* go."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Say what was counted."""
            self._reply(service.metrics().encode())

        def do_POST(self) -> None:
            """Take a message."""
            called.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self._reply(b"")

        def _reply(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
