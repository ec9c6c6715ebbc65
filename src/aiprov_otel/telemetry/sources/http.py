"""Queries to a server over HTTP, with time-outs and one-line errors."""

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
    The parts of an address; those that it leaves out are empty.

    Attributes:
        shown: the scheme, the host and the port, for messages: no password, no path.
        secure: whether to use HTTPS, from `secure=true` in the query.
    """

    shown: str
    host: str
    port: int
    path: str
    user: str
    password: str
    secure: bool
    query: dict[str, str]


def redacted(address: str) -> str:
    """
    Returns *address* without what may be a secret: user, password and query.

    It need not be a valid address: a mistyped one holds the same password.
    """
    scheme, separator, rest = address.partition("://")
    if not separator:
        scheme, rest = "", address
    return f"{scheme}{separator}{rest.rpartition('@')[2].partition('?')[0]}"


def parse_address(text: str, port: int, secure_port: int) -> Address:
    """
    Returns the parts of the address *text*; its port is *port* or *secure_port* by default.

    Raises:
        ValueError: it has no host, or its port is not a number below 65,536.
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
_ANSWERING: Final = 630.0  # seconds: longer than the time limit of a query


@dataclass(frozen=True, slots=True)
class Reply:
    """A response."""

    name: str
    status: int
    text: str

    def json(self) -> Any:
        """
        Returns the response as a value.

        Raises:
            StoreError: it is not JSON.
        """
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError) as error:
            first = self.text.strip().partition("\n")[0][:100]
            msg = f"{self.name} answered with something else ({first}): check the address"
            raise StoreError(msg) from error


class Server:
    """The server at *address*; *headers* are sent with every request."""

    def __init__(self, address: Address, headers: Mapping[str, str]) -> None:
        self.name = address.shown
        self._address = address
        self._headers = dict(headers)

    def ask(self, path: str, parameters: Mapping[str, str], body: bytes = b"") -> Reply:
        """
        Sends a POST of *body* to *path* and returns the response.

        Raises:
            StoreError: nothing answers, or not in time.
        """
        kind = HTTPSConnection if self._address.secure else HTTPConnection
        connection = kind(self._address.host, self._address.port, timeout=_CONNECTING)
        try:
            connection.connect()
            connection.sock.settimeout(_ANSWERING)
            target = f"{path}?{urlencode(parameters)}"
            connection.request("POST", target, body, self._headers)
            response = connection.getresponse()
            return Reply(self.name, response.status, response.read().decode(errors="replace"))
        except TimeoutError as error:
            msg = f"{self.name} does not answer in time: check that it is up, or query less"
            raise StoreError(msg) from error
        except (OSError, HTTPException) as error:
            msg = f"nothing answers at {self.name} ({error}): check the address and the server"
            raise StoreError(msg) from error
        finally:
            connection.close()
