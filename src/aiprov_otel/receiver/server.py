"""The receiver's server: uvicorn in a thread, from its port to its end."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Self

from aiprov_otel.errors import AiprovError
from aiprov_otel.receiver.group_commit import GroupCommit
from aiprov_otel.report.code import Code
from aiprov_otel.telemetry.extra import local_extra

if TYPE_CHECKING:
    from aiprov_otel.telemetry.store import Store

HOST: Final = "127.0.0.1"
PORT: Final = 4318
"""The port of OTLP over HTTP."""

_GRPC_PORT: Final = 4317
ROOM: Final = 128 * 2**20
"""Bytes that the requests under way may take in memory."""

MEMORY: Final = 96 * 2**20
"""Bytes that the database of a receiver may hold, besides as many as its file has."""

PATIENCE: Final = 5.0
"""Seconds that a request waits for memory; exporters give up after ten."""

_KEEP_ALIVE: Final = 30  # seconds until an idle connection is closed; exporters send every few
_WAITING: Final = 128  # connections that the system holds until we accept them
_ENDING: Final = 1  # seconds that requests have to end when the receiver is closed
_ATTEMPTS: Final = 10  # to end what runs longer


class Receiver:
    """
    A receiver in threads of its own; `with Receiver(store) as receiver:` closes it.

    Attributes:
        endpoint: its address, the value of `OTEL_EXPORTER_OTLP_ENDPOINT`.
    """

    def __init__(
        self,
        store: Store,
        *,
        host: str = HOST,
        port: int = PORT,
        room: int = ROOM,
        patience: float = PATIENCE,
        code: Callable[[], Code] = Code,
    ) -> None:
        """
        Listen on *port* (0: any free one) of the interface *host*.

        *code* returns the code that the page shows; it is called for each page.

        While the requests under way take *room* bytes, another waits *patience* seconds and is then
        refused with 429.

        Raises:
            AiprovError: the port is in use, or may not be used.
            UsageError: the extra `local` is not installed.
        """
        with local_extra():
            import uvicorn

            from aiprov_otel.receiver.admission import Connection, Room
            from aiprov_otel.receiver.app import create_app
            from aiprov_otel.receiver.pages import Pages
        self._store = store
        self._pages = Pages(store, code)
        self._commits = GroupCommit(store)
        self._room = Room(room, patience)
        listener = _listen(host, port)
        also = _grpc_listener(host, port)
        name = f"[{host}]" if ":" in host else host
        self.endpoint = f"http://{name}:{listener.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                create_app(self._commits, self._room, self._pages, host),
                http=Connection,
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",  # a client that goes away is nothing to log
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=_ENDING,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([listener, *also],), name="aiprov-receiver", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def end_soon(self) -> None:
        """Takes no more requests from a moment later on; `close` waits for it."""
        self._pages.close()
        self._server.should_exit = True

    def close(self) -> None:
        """
        Answers the requests under way, closes all connections and frees the port.

        A request that takes longer than a moment is given up: its sender will send it again.
        """
        self.end_soon()
        self._thread.join(_ENDING)
        for _ in range(_ATTEMPTS):
            if self._thread.is_alive():
                self._store.interrupt()
                self._thread.join(_ENDING / 20)


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port < 2**16:
        msg = (
            f"{port} is not a valid port: use one from 1 to 65535 with --port, or 0 for a free one"
        )
        raise AiprovError(msg)
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_WAITING)
    except OSError as error:
        listener.close()
        raise AiprovError(_why_not(host, port, error)) from error
    return listener


def _grpc_listener(host: str, port: int) -> list[socket.socket]:
    """
    The port of OTLP over gRPC, if it is free: a sender there gets a warning into the log.

    None beside a port that was chosen: that one is for senders that know it.
    """
    if port != PORT:
        return []
    try:
        return [_listen(host, _GRPC_PORT)]
    except AiprovError:  # perhaps a Collector, to which those senders belong
        return []


def _why_not(host: str, port: int, error: OSError) -> str:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine: name one with --host, or 0.0.0.0 for all"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: choose another with --port, or 0 for a free one"
    return f"can't listen on port {port} ({error.strerror}): choose another with --port"
