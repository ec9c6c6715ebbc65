"""Which requests are taken: from which hosts, how large unpacked, and how many at once."""

from __future__ import annotations

import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiprov_otel.receiver.answer import Refused


class NoRoom(Exception):
    """Nothing became free in time."""


class Room:
    """Room for requests of *size* bytes in all; who finds none waits *patience* seconds."""

    def __init__(self, size: int, patience: float) -> None:
        self._size = self._free = size
        self._patience = patience
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """
        Hold *size* bytes inside the block; one that is larger than all the room waits for all.

        Raises:
            NoRoom: they did not become free in time.
        """
        size = min(size, self._size)
        with self._changed:
            if not self._changed.wait_for(lambda: self._free >= size, self._patience):
                raise NoRoom
            self._free -= size
        try:
            yield
        finally:
            with self._changed:
                self._free += size
                self._changed.notify_all()


BODY_LIMIT: Final = 64 * 2**20
"""Bytes of a request, before and after it is unpacked; what the Python exporter keeps to."""

_PACKED: Final = {"gzip", "deflate"}


def unpacked(body: bytes, encoding: str) -> bytes:
    """
    *body* without its content *encoding*: gzip, deflate or none.

    Raises:
        Refused: it has another, is not whole, or becomes too large.
    """
    if encoding in {"", "identity"}:
        return body
    if encoding not in _PACKED:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "pack with gzip or deflate, or not at all")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: either of the two
    try:
        data = unpacker.decompress(body, BODY_LIMIT + 1)
    except zlib.error as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"the body is no {encoding}") from error
    if len(data) > BODY_LIMIT:
        said = f"send at most {BODY_LIMIT} bytes, unpacked"
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, said)
    if not unpacker.eof:
        raise Refused(HTTPStatus.BAD_REQUEST, f"the {encoding} body is not whole")
    return data


_LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}


def refused_host(header: str, listening: str) -> str | None:
    """
    Say why a request with the Host *header* is refused; None if it is taken.

    A page in a browser can make a name of its own point at this machine. So a receiver that is
    *listening* on the loopback interface answers to loopback names only; on another, to addresses
    and to names that nobody can own: this machine's, and those without a dot.
    """
    name = _hostname(header)
    if name in _LOOPBACK:
        return None
    if listening in _LOOPBACK:
        return "only requests to the loopback interface are taken"
    if name and (_is_address(name) or "." not in name or name == socket.getfqdn().lower()):
        return None
    return "address this machine by its name or its number"


def _hostname(header: str) -> str | None:
    try:
        return urlsplit(f"//{header}").hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
