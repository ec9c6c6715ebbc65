"""
What provenance costs a service: instructions per request, with it against without.

Each service runs under valgrind, started as `opentelemetry-instrument` starts it, and exports OTLP
to a sink of ours. Its instructions are counted while it serves, the export of its spans among them.
`make results` runs it; it needs valgrind.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle, islice
from pathlib import Path

from instructions import Counted, counted, is_available
from services import FAILING, FLUSH, SERVICES, VARIABLES, WELL
from spans import LINE

from aiprov_otel.manifest import Run, SourceFile, content_hash, dump

REQUESTS = 60
WARM = 4  # batches: the first three are encoded both ways
LOADS = {"all succeed": WELL, "10 % fail": (*islice(cycle(WELL), 9), FAILING)}
WITHOUT, SHORT, WITH, LONG = "without", "our short ways alone", "with", "with, the SDK's own ways"
SIDES = {
    WITHOUT: {"AIPROV_DISABLED": "true"},
    SHORT: {"AIPROV_DISABLED": "true", "SHORT_WAYS": "alone"},
    WITH: {},
    LONG: {"AIPROV_FAST_ENCODING": "false", "SHORT_WAYS": "none"},
}

START = """
from opentelemetry.instrumentation.auto_instrumentation import initialize

initialize()
import os

short_ways = os.environ.get("SHORT_WAYS")
if short_ways == "alone":
    from aiprov_otel.runtime import exporters, plain_attributes, state
    from aiprov_otel.runtime.patching import Patches

    state.installation = "the short ways alone"
    exporters.instrument(Patches())
    plain_attributes.instrument(Patches())
elif short_ways == "none":
    from opentelemetry.attributes import BoundedAttributes

    for name in ("__setitem__", "_set_items"):
        if (method := getattr(BoundedAttributes, name, None)) is not None:
            setattr(BoundedAttributes, name, method.__wrapped__)
import service

service.main({port})
"""


class Sink(BaseHTTPRequestHandler):
    """Takes whatever is exported, and forgets it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer as a Collector does."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Be quiet."""


def main(names: Sequence[str]) -> None:
    """Measure and print."""
    if not is_available():
        sys.exit("benchmarks/service.py needs valgrind (apt-get install valgrind)")
    print(f"Python {sys.version.split()[0]}, {REQUESTS} requests, export included", flush=True)
    for service in names or SERVICES:
        for load, costs in measured(service).items():
            bare = costs[WITHOUT]
            print(f"{service}, {load}: {bare / 1000:,.0f} thousand instructions a request without")
            for side, cost in costs.items():
                if side != WITHOUT:
                    print(
                        f"  {side:<30} {cost / 1000:>7,.0f}   throughput x {bare / cost:.3f}",
                        flush=True,
                    )


def measured(name: str) -> dict[str, dict[str, float]]:
    """Instructions per request of the service *name*, by load and side."""
    service = SERVICES[name]
    found: dict[str, dict[str, float]] = {load: {} for load in LOADS}
    with tempfile.TemporaryDirectory() as place, sink() as endpoint:
        folder = Path(place)
        (folder / "service.py").write_text(service)
        runs = (Run(1, service.count("\n"), replace(LINE, path="service.py")),)
        source = SourceFile("service.py", "service.py", content_hash(service.encode()), runs)
        dump(folder / "aiprov.manifest", [source], revision=None, repository_url=None, policy={})
        os.utime(folder / "service.py", (1, 1))
        for side, variables in SIDES.items():
            theirs = VARIABLES.get(name, {})
            with running(folder, endpoint, variables | theirs) as (process, port):
                for load, paths in LOADS.items():
                    for _ in range(WARM):
                        serve(port, paths)
                    cost = process.count(partial(serve, port, paths))
                    found[load][side] = cost / REQUESTS
    return found


def serve(port: int, paths: Sequence[str]) -> None:
    """Ask for *paths* in turn, then for the export of their spans, which is part of the cost."""
    for path in (*islice(cycle(paths), REQUESTS), FLUSH):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", path)
        connection.getresponse().read()
        connection.close()


@contextmanager
def running(
    folder: Path, endpoint: str, variables: dict[str, str]
) -> Iterator[tuple[Counted, int]]:
    """The service of *folder* under valgrind, and its port, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", START.format(port=port)]
    environ = os.environ | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_BSP_SCHEDULE_DELAY": "3600000",
    }
    with counted(command, cwd=folder, env=environ | variables) as process:
        wait(port)
        yield process, port


def wait(port: int) -> None:
    """Return once *port* answers; end the benchmark if it does not."""
    for _ in range(3_000):
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    sys.exit("the service did not start; install the extra `demo` and the group `peers`")


@contextmanager
def sink() -> Iterator[str]:
    """The address of a sink that listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Sink) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1:])
