"""Agent Trace records: who wrote which lines, as editors and agents log it while they work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.mark import loads, mark, number, table, tables
from aiprov_otel.values import Evidence, Origin

_REVISION: Final = re.compile(r"[0-9a-f]{40,64}")
_ORIGINS: Final = {origin.value: origin for origin in Origin if origin is not Origin.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Claim:
    """
    What one trace says of a range of lines.

    Attributes:
        revision: the commit that holds them, or the one that was checked out when they were
            written; None where the trace names none.
        time: when it was logged.
        path: as it was logged, with `/`.
        first: the first line.
        last: the last line.
        hash: of what the lines hold: `sha256:…`, `murmur3:…`.
        mark: what is said.
    """

    revision: str | None
    time: datetime | None
    path: str
    first: int
    last: int
    hash: str | None
    mark: Mark


def parse(text: str, where: str) -> list[Claim]:
    """The claims of the traces in *text*, one JSON object or one a line; found at *where*."""
    whole = loads(text)
    told = [whole] if isinstance(whole, dict) else [loads(line) for line in text.splitlines()]
    return [claim for trace in told for claim in _claims(trace, where)]


def _claims(trace: Any, where: str) -> Iterator[Claim]:
    revision = table(trace, "vcs").get("revision")
    named = revision if isinstance(revision, str) and _REVISION.fullmatch(revision) else None
    time = _time(trace.get("timestamp")) if isinstance(trace, dict) else None
    for path, conversation in _conversations(trace):
        for lines in tables(conversation, "ranges"):
            first, last = number(lines.get("start_line")), number(lines.get("end_line"))
            if first and (said := _mark(trace, conversation, lines, where)):
                digest = lines.get("content_hash")
                text = digest if isinstance(digest, str) else None
                yield Claim(named, time, path, first, last, text, said)


def _conversations(trace: Any) -> Iterator[tuple[str, Any]]:
    for file in tables(trace, "files"):
        path = file.get("path")
        if isinstance(path, str):
            for conversation in tables(file, "conversations"):
                yield path.replace("\\", "/").removeprefix("./"), conversation


def _mark(trace: Any, conversation: Any, lines: Any, where: str) -> Mark | None:
    """What is said of one range: its own contributor comes before that of the conversation."""
    contributor = table(lines, "contributor") or table(conversation, "contributor")
    origin = _ORIGINS.get(str(contributor.get("type")))
    if origin is None:
        return None
    return mark(
        "agent-trace",
        origin,
        Evidence.AGENT_TRACE,
        where=where,
        text=f"contributor: {origin}",
        tool=table(trace, "tool").get("name"),
        model=contributor.get("model_id"),
    )


def _time(text: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
