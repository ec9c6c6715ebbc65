"""The address of a server that is asked over HTTP: `kind://user:password@host:port/path?name=value`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit


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


def parse(text: str, port: int, secure_port: int) -> Address:
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
    return _address(url, url.port or (secure_port if secure else port), secure, query)


def _address(url: SplitResult, port: int, secure: bool, query: dict[str, str]) -> Address:
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
