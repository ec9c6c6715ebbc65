"""What `git clone` leaves on the remote: refs of records, and those of pull requests."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Final

from aiprov_otel.history.git import pull_requests, remote
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.refs import fitting

_PATIENCE: Final = 5.0  # seconds: a build is not to wait for a network that isn't there
_RECORDS: Final = (
    "refs/notes/ai",
    "refs/notes/whogitit",
    "refs/notes/ai-blame",
    "refs/notes/agentblame",
    "refs/notes/sce-agent-trace",
    "refs/agentdiff/traces/*",
)


def command(git: Git) -> str | None:
    """
    The command that fetches what the remote has and this clone lacks.

    None where there is nothing, no remote, or no answer from it in time.
    """
    if not remote.url(git):
        return None
    there = advertised(git, remote.NAME, (*_RECORDS, *pull_requests.PATTERNS), _PATIENCE)
    here = set(fitting(git, *_RECORDS, *pull_requests.PATTERNS))
    wanted = list(_wanted(there, here))
    if not wanted:
        return None
    return " ".join(("git fetch", remote.NAME, *(f"'+{one}:{one}'" for one in wanted)))


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
