"""Limits of the receiver: which hosts, how many connections, how many bytes at once."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cache
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.requests import Request

BODY_LIMIT: Final = 64 * 2**20
"""Bytes of a decompressed body; the Python exporter keeps to the same limit."""

CONNECTIONS: Final = 256
"""That may be open at once."""

RETRY_AFTER: Final = 2
"""Seconds after which a sender may try again."""

_IDLE: Final = 30.0  # seconds that a request may take to arrive, or pause while it does
_TOO_MANY: Final = (
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: %d\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n" % RETRY_AFTER
)


class Refused(Exception):
    """
    A request that is answered with *status* and the reason.

    The connection ends with the answer if *close* is true: what is unread on it is not worth
    reading.
    """

    def __init__(
        self,
        status: HTTPStatus,
        reason: str,
        *,
        retry_after: int | None = None,
        close: bool = False,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.retry_after = retry_after
        self.close = close


class Room:
    """Memory for *size* bytes of requests; a request waits *patience* seconds for its share."""

    def __init__(self, size: int, patience: float) -> None:
        self.size = self.free = size
        self._patience = patience
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def share(self) -> AsyncIterator[Share]:
        """Returns a share that is empty at first, and is given back at the end of the block."""
        share = Share(self)
        try:
            yield share
        finally:
            async with self._changed:
                self.free += share.size
                self._changed.notify_all()

    async def take(self, size: int) -> None:
        """
        Take *size* bytes.

        Raises:
            Refused: they did not become free in time.
        """
        try:
            async with asyncio.timeout(self._patience), self._changed:
                await self._changed.wait_for(lambda: self.free >= size)
                self.free -= size
        except TimeoutError:
            raise Refused(
                HTTPStatus.TOO_MANY_REQUESTS,
                "more arrives than can be stored; send this again later",
                retry_after=RETRY_AFTER,
                close=True,
            ) from None


class Share:
    """
    The part of a room that one request has.

    Attributes:
        size: bytes that it holds.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self.size = 0

    async def grow(self, size: int) -> None:
        """
        Add *size* bytes to the share.

        Raises:
            Refused: there is no room for them in time, or not even in all of it.
        """
        if self.size + size > self._room.size:
            raise Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "this takes too much memory: send fewer spans at once",
                close=True,
            )
        await self._room.take(size)
        self.size += size


async def read_body(request: Request, share: Share) -> bytearray:
    """
    Returns the decompressed body of *request*; *share* grows with the bytes that have come.

    Raises:
        Refused: it is too large, too slow, compressed otherwise, or damaged.
        ClientDisconnect: the sender went away.
    """
    decoder = _Decoder(request.headers.get("content-encoding", "").strip().lower())
    body = bytearray()
    chunks = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(_IDLE):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise Refused(
                HTTPStatus.REQUEST_TIMEOUT, "the body does not arrive", close=True
            ) from None
        if chunk is None:
            decoder.finish()
            return body
        for part in decoder.decode(chunk):
            if len(body) + len(part) > BODY_LIMIT:
                raise _too_large()
            await share.grow(len(part))
            body += part


def check_length(request: Request) -> None:
    """
    See that *request* announces a body, and not too large a one.

    Raises:
        Refused: it does not.
    """
    length = request.headers.get("content-length")
    if length is None and "transfer-encoding" not in request.headers:
        raise Refused(HTTPStatus.LENGTH_REQUIRED, "send a Content-Length", close=True)
    if length is not None and int(length) > BODY_LIMIT:  # the protocol takes nothing but digits
        raise _too_large()


def _too_large() -> Refused:
    return Refused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"send at most {BODY_LIMIT} bytes, uncompressed",
        close=True,
    )


class _Decoder:
    """
    Decompresses a body as it comes, a bounded part at a time.

    Raises:
        Refused: *encoding* is neither gzip nor deflate.
    """

    _PART: Final = 2**18  # bytes

    def __init__(self, encoding: str) -> None:
        if encoding not in {"", "identity", "gzip", "deflate"}:
            raise Refused(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "compress with gzip or deflate, or not at all"
            )
        self._encoding = encoding
        self._decompressor: Any = None
        if encoding in {"gzip", "deflate"}:
            self._decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: either of them

    def decode(self, chunk: bytes) -> Iterator[bytes]:
        """
        Returns what *chunk* adds to the body, in parts.

        Raises:
            Refused: the body is damaged.
        """
        if self._decompressor is None:
            yield chunk
            return
        while chunk and not self._decompressor.eof:
            try:
                yield self._decompressor.decompress(chunk, self._PART)
            except zlib.error as error:
                msg = f"the body is not valid {self._encoding}"
                raise Refused(HTTPStatus.BAD_REQUEST, msg) from error
            chunk = self._decompressor.unconsumed_tail

    def finish(self) -> None:
        """
        See that the body has come to its end.

        Raises:
            Refused: it has not.
        """
        if self._decompressor is not None and not self._decompressor.eof:
            raise Refused(HTTPStatus.BAD_REQUEST, f"the {self._encoding} body is not complete")


def json_memory(body: bytearray) -> int:
    """Returns how many bytes of memory, at most, *body* takes when it is parsed as JSON."""
    return (
        (2 if body.isascii() else 5) * len(body)  # as text, with four bytes a character, and in it
        + 256 * body.count(b"{")
        + 72 * body.count(b"[")
        + 64 * body.count(b'"') // 2
        + 48 * body.count(b",")
    )


_log = logging.getLogger(__name__)
_HTTP2: Final = b"PRI * HTTP/2"


@cache
def _warn_of_grpc() -> None:
    _log.warning(
        "aiprov: a service sends its traces by gRPC, and this receiver takes HTTP: set "
        "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf in that service"
    )


class Connection(H11Protocol):
    """
    A connection that is refused when there are too many, and ends when it is idle.

    A sender of gRPC, the default of `opentelemetry-instrument`, is reported in the log.
    """

    _deadline: asyncio.TimerHandle | None = None
    _began = False

    def data_received(self, data: bytes) -> None:
        """Take what came, unless it is HTTP/2, as gRPC is."""
        if not self._began and data.startswith(_HTTP2):
            _warn_of_grpc()
            self.transport.close()
            return
        self._began = True
        super().data_received(data)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Begin to wait for a request, unless there are too many connections."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.write(_TOO_MANY)
            transport.close()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        if self._deadline:
            self._deadline.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._wait()
        super().on_response_complete()

    def _wait(self) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(_IDLE, self._hang_up)

    def _hang_up(self) -> None:
        if self.cycle is None or self.cycle.response_complete:  # type: ignore[redundant-expr] # None before the first request
            self.transport.close()


_LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}
_PRIVATE: Final = (".internal", ".local", ".localhost")
"""Domains that no stranger can register: names of containers and of clusters end in them."""


def refused_host(header: str, listening: str) -> str | None:
    """
    Returns why a request with the Host *header* is refused; None if it is accepted.

    A page in a browser can make a domain of its own point at this machine. So a receiver that
    listens on the loopback interface accepts loopback names only; on another interface, it accepts
    addresses and names that a stranger can't own: this machine's, those without a dot, and those
    of private domains.
    """
    name = _hostname(header)
    if name in _LOOPBACK:
        return None
    if listening in _LOOPBACK:
        return "only requests to the loopback interface are accepted"
    name = name.removesuffix(".") if name else None
    if name and (
        _is_address(name) or "." not in name or name.endswith(_PRIVATE) or name == _own_name()
    ):
        return None
    return "use this machine's name or address"


_HOST: Final = re.compile(r"(?:\[([^\s\[\]@/?#\\]+)\]|([^\s:\[\]@/?#\\]+))(?::\d*)?")
"""A host as of RFC 9110, 7.2: an address in brackets, or a name; and perhaps a port."""


@cache
def _own_name() -> str:
    """The name of this machine; asked for once, since a resolver may take seconds to answer."""
    return socket.getfqdn().lower()


def _hostname(header: str) -> str | None:
    found = _HOST.fullmatch(header)
    return (found[1] or found[2]).lower() if found else None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
