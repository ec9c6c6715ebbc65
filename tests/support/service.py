"""A service as it is deployed: a process of its own under `opentelemetry-instrument`."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple

from aiprov_otel.manifest import dump
from aiprov_otel.receiver.server import Receiver
from aiprov_otel.telemetry.launch import environment, launcher
from aiprov_otel.telemetry.otlp import Row
from support.application import LONG_AGO, REVISION, source
from support.waiting import PATIENCE, until

APPLICATIONS = Path(__file__).parents[1] / "frameworks" / "applications"


class Received:
    """The spans that a receiver was sent, in memory."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._changed = threading.Condition()

    def add_lines(self, lines: bytes) -> int:
        """Keep the rows in *lines*; what a receiver asks of its store."""
        rows = [Row(*json.loads(line).values()) for line in lines.splitlines()]
        with self._changed:
            self._rows += rows
            self._changed.notify_all()
        return len(rows)

    @property
    def rows(self) -> list[Row]:
        """All of them."""
        with self._changed:
            return list(self._rows)

    def wait(self, trace_id: str, arrived: Callable[[list[Row]], object]) -> list[Row]:
        """The spans of a trace or linked to it, once *arrived* says that they are all there."""
        with self._changed:
            self._changed.wait_for(lambda: arrived(self._of(trace_id)), PATIENCE)
            return self._of(trace_id)

    def named(self, name: str) -> Row:
        """A span of that name, of whatever trace, once there is one."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: [row for row in self._rows if row.span_name == name], PATIENCE
            )
            return found[0]

    def _of(self, trace_id: str) -> list[Row]:
        return [row for row in self._rows if trace_id in {row.trace_id, *row.link_trace_ids}]


class Answer(NamedTuple):
    """What a service answered, and the spans that it sent of the request."""

    status: int
    spans: list[Row]

    @property
    def entry(self) -> Row:
        """The one server or consumer span."""
        (found,) = [each for each in self.spans if each.span_kind in {"Server", "Consumer"}]
        return found

    def span(self, name: str) -> Row:
        """The one span whose name begins with *name*."""
        found = [each for each in self.spans if each.span_name.startswith(name)]
        assert len(found) == 1, [each.span_name for each in self.spans]
        return found[0]


class Service:
    """A process that was started, and what came of it."""

    def __init__(self, port: int, received: Received) -> None:
        self.port = port
        self.received = received

    def request(
        self, path: str, method: str = "GET", connection: http.client.HTTPConnection | None = None
    ) -> Answer:
        """Ask for *path* in a trace of its own; on *connection* if one is to be kept alive."""
        with remote_parent() as (header, trace_id, parent_id):
            asked = connection or self.connection()
            asked.request(method, path, headers={"traceparent": header})
            response = asked.getresponse()
            response.read()
            if connection is None:
                asked.close()
        return Answer(response.status, self.received.wait(trace_id, ended(parent_id)))

    def connection(self) -> http.client.HTTPConnection:
        """A connection to the service; it stays open until it is closed."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)


@contextmanager
def remote_parent() -> Iterator[tuple[str, str, str]]:
    """A `traceparent`, its trace id and its span id, as a caller would send them."""
    trace_id, span_id = token_hex(16), token_hex(8)
    yield f"00-{trace_id}-{span_id}-01", trace_id, span_id


def ended(parent_id: str) -> Callable[[list[Row]], bool]:
    """Whether the span below *parent_id* is there; what it called ended, and came, before it."""
    return lambda rows: any(row.parent_span_id == parent_id for row in rows)


class Messages:
    """A service that takes messages, and how it is sent one: a function of a name and a header."""

    def __init__(self, received: Received, send: Callable[[str, str], object]) -> None:
        self.received = received
        self._send = send

    def take(self, name: str, *, spans: int = 1) -> Answer:
        """What came of one message to *name*, once so many of its *spans* have arrived."""
        with remote_parent() as (header, trace_id, _):
            self._send(name, header)
            return Answer(0, self.received.wait(trace_id, lambda rows: len(rows) >= spans))


@contextmanager
def service(
    folder: Path, *command: str, files: Sequence[str], instrumented: Sequence[str], **environ: str
) -> Iterator[Service]:
    """
    *command*, with `{port}` filled in, over *files*, in *folder*; stopped in the end.

    Only the instrumentations in *instrumented* are loaded, besides ours: each costs a start.
    """
    port, received = free_port(), Received()
    lay_out(folder, files)
    with Receiver(received, port=0) as receiver:  # type: ignore[arg-type]  # all that it calls is there
        started = [word.format(port=port) for word in command]
        environ |= {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": all_but(instrumented)}
        with running(started, folder, receiver.endpoint, environ) as process:
            if any("{port}" in word for word in command):
                wait_for_port(port, process)
            yield Service(port, received)


def lay_out(folder: Path, files: Sequence[str]) -> None:
    """Copy *files* of `applications/` to *folder*, and their manifest."""
    sources = []
    for name in files:
        text = (APPLICATIONS / name).read_text()
        (folder / name).write_text(text)
        os.utime(folder / name, (LONG_AGO, LONG_AGO))
        sources.append(source(text, f"src/{name}"))
    dump(folder / "aiprov.manifest", sources, revision=REVISION, repository_url=None, policy={})


def all_but(wanted: Sequence[str]) -> str:
    """The instrumentations that are installed here, without ours and *wanted*."""
    names = {each.name for each in entry_points(group="opentelemetry_instrumentor")}
    return ",".join(sorted(names - {"aiprov", *wanted}))


@contextmanager
def running(
    command: Sequence[str], folder: Path, endpoint: str, environ: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of *command*, instrumented; what it says stands in `service.log`."""
    said = {"AIPROV_STRICT": "true", "OTEL_BSP_SCHEDULE_DELAY": "50", **environ}
    env = environment(
        {**os.environ, "HOME": str(folder), **said},
        endpoint=endpoint,
        manifest=folder / "aiprov.manifest",
        folder=folder,
    )
    with (folder / "service.log").open("wb") as log:
        process = subprocess.Popen(
            launcher(command, interpreter=sys.executable),
            cwd=folder,
            env=env,
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            stop(process)


def stop(process: subprocess.Popen[Any]) -> None:
    """Ask *process* to end, and end it if it does not."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[Any]) -> None:
    """Return once something listens on *port*; fail if *process* ended, or takes too long."""

    def listens() -> bool:
        assert process.poll() is None, f"it ended with {process.returncode}"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(listens, f"something listens on port {port}")


def executable(name: str) -> str:
    """A command of this environment."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    assert found, name
    return found
