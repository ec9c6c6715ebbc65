"""A network of a test's own, where servers listen on the ports that their files name."""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_NETWORK: Final = 0x40000000  # CLONE_NEWNET
_SET_FLAGS: Final = 0x8914  # SIOCSIFFLAGS
_UP: Final = struct.pack("16sh14x", b"lo", 1)
_MINE: Final = Path("/proc/thread-self")
_LISTENING: Final = re.compile(r"^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A ", re.MULTILINE)


def why_not() -> str | None:
    """Say why there can be none; None if there can."""
    return None if os.geteuid() == 0 else "only root may have a network of its own"


@contextmanager
def own() -> Iterator[None]:
    """Only a loopback interface, for this thread, and for what it starts meanwhile."""
    home = os.open(_MINE / "ns" / "net", os.O_RDONLY)
    try:
        _call("unshare", _NETWORK)
        with socket.socket() as any_socket:
            fcntl.ioctl(any_socket, _SET_FLAGS, _UP)
        yield
    finally:
        _call("setns", home, _NETWORK)
        os.close(home)


def listening() -> dict[int, set[str]]:
    """The addresses that somebody listens on in this thread's network, by port."""
    found: dict[int, set[str]] = {}
    for name in ("tcp", "tcp6"):
        for address, port in _LISTENING.findall((_MINE / "net" / name).read_text()):
            words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
            family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
            packed = struct.pack(f"={len(words)}I", *words)
            found.setdefault(int(port, 16), set()).add(socket.inet_ntop(family, packed))
    return found


def _call(name: str, *arguments: int) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
