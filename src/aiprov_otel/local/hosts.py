"""Whom a request may take us for: what keeps pages in a browser from reaching a receiver."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

_LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}


def why_not(header: str, listening: str) -> str | None:
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
