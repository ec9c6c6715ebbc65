"""The address of a repository on its forge, from the URL that a clone was made with."""

from __future__ import annotations

import os
import re
from typing import Final
from urllib.parse import urlsplit

from aiprov_otel.history.git.repository import Git

NAME: Final = "origin"
"""The remote that a clone was made of."""

_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[^@/:]{2,}):(?!//)(?P<path>.+)")
_WITH_PORT = ("http", "https")
_FORGE = (*_WITH_PORT, "ssh", "git", "git+ssh", "git+https")


def url(git: Git) -> str | None:
    """The URL of the remote as it is configured; None where there is none."""
    status, output, _ = git.ask("remote", "get-url", NAME)
    return None if status else os.fsdecode(output.removesuffix(b"\n"))


def https(url: str | None) -> str | None:
    """*url* as `https://host/path`, without credentials; None for a local one."""
    if not url:
        return None
    if "://" not in url:
        found = _SCP.fullmatch(url)
        return _address(found["host"], found["path"]) if found else None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _FORGE or not parts.hostname:
        return None
    # The port of ssh is not the port of the page.
    host = f"{parts.hostname}:{port}" if port and parts.scheme in _WITH_PORT else parts.hostname
    return _address(host, parts.path)


def _address(host: str, path: str) -> str | None:
    path = path.strip("/").removesuffix(".git").strip("/")
    return f"https://{host}/{path}" if path else None
