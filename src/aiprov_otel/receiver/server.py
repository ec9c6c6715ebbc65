"""OTLP over HTTP: a batch is answered once it is stored."""

from __future__ import annotations

import errno
import sys
import threading
from contextlib import suppress
from http.server import ThreadingHTTPServer
from socket import AF_INET6, SHUT_RD, gaierror, socket
from typing import Any, Final, Self

from aiprov_otel.errors import AiprovError
from aiprov_otel.receiver.admission import BODY_LIMIT, Room
from aiprov_otel.receiver.app import Handler
from aiprov_otel.receiver.group_commit import Commits
from aiprov_otel.telemetry.store import Store

HOST: Final = "127.0.0.1"
PORT: Final = 4318
"""Where OTLP over HTTP is expected."""

ROOM: Final = BODY_LIMIT
"""Bytes of requests that may be under way at once."""

PATIENCE: Final = 5.0
"""Seconds that a request waits until there is room; exporters give up after ten."""

CONNECTIONS: Final = 256
"""That may be open at once, each with a thread."""

_READING: Final = 2  # bodies that are taken apart at the same time
_TOO_MANY: Final = (
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)


class Receiver:
    """
    A receiver that runs in threads of its own; `with Receiver(store) as receiver:` ends it.

    Attributes:
        endpoint: its address, to be used as `OTEL_EXPORTER_OTLP_ENDPOINT`.
    """

    def __init__(
        self,
        store: Store,
        *,
        host: str = HOST,
        port: int = PORT,
        room: int = ROOM,
        patience: float = PATIENCE,
    ) -> None:
        """
        Listen on *port*, any free one for 0, of the interface that *host* names.

        While requests of *room* bytes in all are under way, a further one waits *patience* seconds
        and is then refused with 429.

        Raises:
            AiprovError: the port is in use, or may not be used.
        """
        try:
            self._server = Server(store, host, port, Room(room, patience))
        except (OSError, OverflowError) as error:
            raise AiprovError(_why_not(host, port, error)) from error
        shown = f"[{host}]" if ":" in host else host
        self.endpoint = f"http://{shown}:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="aiprov-receiver", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Answer what has been received, hang up and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()


class Server(ThreadingHTTPServer):
    """
    What its handlers share.

    Attributes:
        host: that it was told to listen on.
        store: where spans go.
        commits: the way there.
        room: for what is under way.
        reading: held while a body is taken apart.
    """

    daemon_threads = False  # server_close() waits for the answers under way
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, store: Store, host: str, port: int, room: Room) -> None:
        self.host = host
        self.store = store
        self.commits = Commits(store)
        self.room = room
        self.reading = threading.BoundedSemaphore(_READING)
        self._open: set[socket] = set()
        self._lock = threading.Lock()
        if ":" in host:
            self.address_family = AF_INET6
        super().__init__((host, port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve the connection *request* in a thread, unless there are too many."""
        with self._lock:
            self._open.add(request)
            full = len(self._open) > CONNECTIONS
        if full:
            self._turn_away(request)
        else:
            super().process_request(request, client_address)

    def _turn_away(self, request: socket) -> None:
        with suppress(OSError):
            request.sendall(_TOO_MANY)
        self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """Close the connection *request*."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Let connections that wait for a next request end now and not at their time-out."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):  # the other side may have been faster
                    connection.shutdown(SHUT_RD)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away: it will send its batch again."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _why_not(host: str, port: int, error: OSError | OverflowError) -> str:
    if isinstance(error, OverflowError):
        return f"{port} is no port: use one from 1 to 65535, or 0 for a free one, with --port"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: choose another with --port, or 0 for a free one"
    if isinstance(error, gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: name one with --host, or 0.0.0.0 for all"
    return f"can't listen on port {port} ({error.strerror}): choose another with --port"
