"""A server that is asked over HTTP, with time-outs, and what to say when it is not there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import SplitResult, parse_qs, unquote, urlencode, urlsplit

from aiprov_otel.errors import StoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """
    What an address says; text that it leaves out is empty.

    Attributes:
        shown: the kind, the host and the port, for messages: no password, no path.
        secure: it ends in `secure=true`: HTTPS is to be spoken.
    """

    shown: str
    host: str
    port: int
    path: str
    user: str
    password: str
    secure: bool
    query: dict[str, str]


def parse_address(text: str, port: int, secure_port: int) -> Address:
    """
    The parts of the address *text*; *port* or *secure_port* is meant where it names none.

    Raises:
        ValueError: it names no host, or a port that is no number below 65,536.
    """
    url = urlsplit(text)
    if not url.hostname:
        raise ValueError(text)
    query = {name: values[-1] for name, values in parse_qs(url.query).items()}
    secure = query.get("secure", "").lower() in {"true", "1"}
    return _addressed(url, url.port or (secure_port if secure else port), secure, query)


def _addressed(url: SplitResult, port: int, secure: bool, query: dict[str, str]) -> Address:
    return Address(
        shown=f"{url.scheme}://{url.hostname}:{port}",
        host=url.hostname or "",
        port=port,
        path=url.path.rstrip("/"),
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
        secure=secure,
        query=query,
    )


_CONNECTING: Final = 10.0  # seconds
_ANSWERING: Final = 630.0  # seconds: longer than we let a database work at one question


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered."""

    name: str
    status: int
    text: str

    def json(self) -> Any:
        """
        The answer as a value.

        Raises:
            StoreError: it is no JSON.
        """
        try:
            return json.loads(self.text)
        except ValueError as error:
            first = self.text.strip().partition("\n")[0][:100]
            msg = f"what answers at {self.name} is something else ({first}): check the address"
            raise StoreError(msg) from error


class Server:
    """The server at *address*; *headers* say who asks."""

    def __init__(self, address: Address, headers: Mapping[str, str]) -> None:
        self.name = address.shown
        self._address = address
        self._headers = dict(headers)

    def ask(self, path: str, parameters: Mapping[str, str], body: bytes = b"") -> Reply:
        """
        The answer to a POST of *body* to *path*.

        Raises:
            StoreError: nothing answers, or not in time.
        """
        kind = HTTPSConnection if self._address.secure else HTTPConnection
        connection = kind(self._address.host, self._address.port, timeout=_CONNECTING)
        try:
            connection.connect()
            connection.sock.settimeout(_ANSWERING)
            asked = f"{path}?{urlencode(parameters)}"
            connection.request("POST", asked, body, self._headers)
            response = connection.getresponse()
            return Reply(self.name, response.status, response.read().decode(errors="replace"))
        except TimeoutError as error:
            msg = f"{self.name} does not answer in time: see that it is up, or ask for less"
            raise StoreError(msg) from error
        except (OSError, HTTPException) as error:
            msg = f"nothing answers at {self.name} ({error}): check the address, and that it is up"
            raise StoreError(msg) from error
        finally:
            connection.close()
