"""OTLP over HTTP on the loopback interface: a batch is answered once it is stored."""

from __future__ import annotations

import errno
import sys
import threading
from contextlib import suppress
from http.server import ThreadingHTTPServer
from socket import SHUT_RD, socket
from typing import Any, Final, Self

from aiprov_otel.errors import AiprovError
from aiprov_otel.local.endpoints import Handler
from aiprov_otel.local.store import Store

HOST: Final = "127.0.0.1"
PORT: Final = 4318
"""Where OTLP over HTTP is expected."""


class Receiver:
    """
    A receiver that runs in threads of its own; `with Receiver(store) as receiver:` ends it.

    Attributes:
        endpoint: its address, to be used as `OTEL_EXPORTER_OTLP_ENDPOINT`.
    """

    def __init__(self, store: Store, *, port: int = PORT) -> None:
        """
        Listen on *port*, any free one for 0.

        Raises:
            AiprovError: the port is in use, or may not be used.
        """
        try:
            self._server = _Server(store, port)
        except (OSError, OverflowError) as error:
            raise AiprovError(_why_not(port, error)) from error
        self.endpoint = f"http://{HOST}:{self._server.server_address[1]}"
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


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close() waits for the answers under way
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, store: Store, port: int) -> None:
        self.store = store
        self._open: set[socket] = set()
        self._lock = threading.Lock()
        super().__init__((HOST, port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
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


def _why_not(port: int, error: OSError | OverflowError) -> str:
    if isinstance(error, OverflowError):
        return f"{port} is no port: use one from 1 to 65535, or 0 for a free one, with --port"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: choose another with --port, or 0 for a free one"
    return f"can't listen on port {port} ({error.strerror}): choose another with --port"
