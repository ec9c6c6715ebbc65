"""The repository on its forge: its address, and the refs that a clone leaves there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from aiprov_otel.history.git import pull_requests
from aiprov_otel.history.git.repository import Git, matching_refs

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
        found = _SCP.fullmatch(_without_password(url))
        return _address(found["host"], found["path"]) if found else None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _FORGE or not parts.hostname:
        return None
    if "@" in parts.path and "@" not in parts.netloc:
        return None  # a password with a slash, which is not valid, would stand in the path
    # The port of ssh is not the port of the page.
    host = f"{parts.hostname}:{port}" if port and parts.scheme in _WITH_PORT else parts.hostname
    return _address(host, parts.path)


def _without_password(url: str) -> str:
    """*url*, `user@host:path`, without the user if a password stands beside it, which is wrong."""
    return url.rpartition("@")[2] if ":" in url.partition("@")[0] else url


def _address(host: str, path: str) -> str | None:
    path = path.strip("/").removesuffix(".git").strip("/")
    return f"https://{host}/{path}" if path else None


_PATIENCE: Final = 5.0  # seconds: a build is not to wait for a network that isn't there
_RECORDS: Final = (
    "refs/notes/ai",
    "refs/notes/whogitit",
    "refs/notes/ai-blame",
    "refs/notes/agentblame",
    "refs/notes/sce-agent-trace",
    "refs/agentdiff/traces/*",
)


def fetch_command(git: Git) -> str | None:
    """
    The command that fetches what the remote has and this clone lacks.

    None where there is nothing, no remote, or no answer from it in time.
    """
    if not url(git):
        return None
    there = advertised(git, NAME, (*_RECORDS, *pull_requests.PATTERNS), _PATIENCE)
    here = set(matching_refs(git, *_RECORDS, *pull_requests.PATTERNS))
    wanted = list(_wanted(there, here))
    if not wanted:
        return None
    return " ".join(("git fetch", NAME, *(f"'+{one}:{one}'" for one in wanted)))


def advertised(git: Git, address: str, patterns: Iterable[str], seconds: float) -> list[str]:
    """The refs of the remote at *address* that fit *patterns*; none if it takes longer."""
    # Nobody may be there to answer a question: what is asked for gets an empty answer.
    asked = ("-c", "core.askPass=true", "ls-remote", "--refs", address, *patterns)
    output = git.ask(*asked, seconds=seconds)[1]
    return [os.fsdecode(line.rpartition(b"\t")[2]) for line in output.splitlines()]


def _wanted(there: Iterable[str], here: set[str]) -> Iterator[str]:
    """Refs and patterns of refs; requests are of use only beside records."""
    requests = {pattern: _stem(pattern) for pattern in pull_requests.PATTERNS}
    stems = tuple(requests.values())
    records = [ref for ref in there if not ref.startswith(stems)]
    traces = _RECORDS[-1]
    yield from sorted(
        {traces if ref.startswith(_stem(traces)) else ref for ref in records if ref not in here}
    )
    known = any(not ref.startswith(stems) for ref in here)
    for pattern, stem in requests.items():
        one_is_there = any(ref.startswith(stem) for ref in there)
        one_is_here = any(ref.startswith(stem) for ref in here)
        if (records or known) and one_is_there and not one_is_here:
            yield pattern


def _stem(pattern: str) -> str:
    return pattern.partition("*")[0]
