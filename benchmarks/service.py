"""
What provenance costs a service: requests per CPU second, with it against without.

Two processes of one FastAPI service, both under `opentelemetry-instrument` and exporting OTLP to a
sink of ours, are asked in turn for the same number of requests. Their CPU time is what Linux
counted of their threads; a ratio is taken within the round, and the median over the rounds is
what is printed. Run it with `make bench`.
"""

from __future__ import annotations

import http.client
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle, islice
from pathlib import Path

from spans import LINE

from aiprov_otel.manifest import Run, SourceFile, content_hash, dump

ROUNDS = 30
REQUESTS = 200
SERVICE = """
import sqlite3

from fastapi import FastAPI, HTTPException

app = FastAPI()
database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("create table item (id integer primary key, price integer)")
database.executemany("insert into item values (?, ?)", [(n, n * 7) for n in range(100)])


def price(item):
    return database.execute("select price from item where id = ?", (item,)).fetchone()[0]


@app.get("/items/{item}")
async def show(item: int):
    if item == 99:
        raise ValueError("sold out")
    return {"item": item, "price": price(item), "with_tax": round(price(item) * 1.19)}


@app.get("/baskets/{size}")
def basket(size: int):
    if size == 0:
        raise HTTPException(400)
    return {"total": sum(price(item) for item in range(size))}
"""
WELL = ("/items/3", "/items/4", "/baskets/5", "/items/12", "/items/7", "/baskets/2")
LOADS = {"that all succeed": WELL, "of which one in seven fails": (*WELL, "/items/99")}


class Sink(BaseHTTPRequestHandler):
    """Takes whatever is exported, and forgets it."""

    def do_POST(self) -> None:
        """Answer as a Collector does."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Be quiet."""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        (folder / "service.py").write_text(SERVICE)
        runs = (Run(1, SERVICE.count("\n"), replace(LINE, path="service.py")),)
        source = SourceFile("service.py", "service.py", content_hash(SERVICE.encode()), runs)
        dump(folder / "aiprov.manifest", [source], revision=None, repository_url=None, policy={})
        os.utime(folder / "service.py", (1, 1))
        endpoint = stack.enter_context(_sink())
        ours, bare = (
            stack.enter_context(_service(folder, endpoint, AIPROV_DISABLED=disabled))
            for disabled in ("false", "true")
        )
        print(f"Python {sys.version.split()[0]}, medians of {ROUNDS} rounds of {REQUESTS} requests")
        print("Requests per CPU second of a FastAPI service (1.00 = without aiprov_otel)")
        for label, paths in LOADS.items():
            print(f"  {label:<46} x {_ratio(ours, bare, paths):.3f}")


def _ratio(ours: Service, bare: Service, paths: Sequence[str]) -> float:
    ratios = []
    for _ in range(ROUNDS):
        spent = {each: each.serve(paths) for each in random.sample([ours, bare], 2)}
        ratios.append(spent[bare] / spent[ours])
    return statistics.median(ratios)


class Service:
    """A service that runs: its process and its port."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self._port = port

    def serve(self, paths: Sequence[str]) -> float:
        """The CPU seconds that the process spends on requests of *paths* in turn."""
        before = self._spent()
        for path in islice(cycle(paths), REQUESTS):
            connection = http.client.HTTPConnection("127.0.0.1", self._port)
            connection.request("GET", path)
            connection.getresponse().read()
            connection.close()
        time.sleep(0.3)  # its export is part of the cost
        return self._spent() - before

    def wait(self) -> None:
        """Return once it answers; end the benchmark if it does not."""
        for _ in range(300):
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.1)
        sys.exit("the service did not start; install the extra `demo`")

    def _spent(self) -> float:
        # The clock of another process, as clock_getcpuclockid(3) names it on Linux.
        return time.clock_gettime((~self._process.pid << 3) | 2)


@contextmanager
def _service(folder: Path, endpoint: str, **variables: str) -> Iterator[Service]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("opentelemetry-instrument")), sys.executable]
    command += ["-m", "uvicorn", "service:app", "--port", str(port), "--log-level", "critical"]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ
        | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_LOGS_EXPORTER": "none",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        | variables,
        stderr=subprocess.DEVNULL,
    )
    try:
        (service := Service(process, port)).wait()
        service.serve(WELL)
        yield service
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _sink() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Sink) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


if __name__ == "__main__":
    main()
