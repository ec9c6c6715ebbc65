"""The authorship logs of git-ai, as its standard 3.0.0 and the versions before it write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiprov_otel.history.evidence import identities
from aiprov_otel.history.evidence.mark import agent_of, loads, number, table, tables

_ENTRY: Final = re.compile(r"  (\S+) (\S+)\s*")
_RANGE: Final = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Log:
    """
    An authorship log.

    Attributes:
        entries: path, key and ranges of lines, in the order in which they were written.
        sessions: by key, sessions of a tool.
        humans: by key, people.
        prompts: by key, sessions of a tool as they were written before there were sessions.
    """

    entries: tuple[tuple[str, str, Ranges], ...] = ()
    sessions: Mapping[str, Any] = field(default_factory=dict)
    humans: Mapping[str, Any] = field(default_factory=dict)
    prompts: Mapping[str, Any] = field(default_factory=dict)


def parse(log: bytes) -> Log:
    """The authorship log in a note; one that holds nothing for what can't be read."""
    text = log.decode("utf-8", "replace")
    if text.startswith("{"):
        return _first_form(loads(text))
    attested, _, metadata = f"\n{text}".partition("\n---\n")
    told = loads(metadata)
    parts = (table(told, name) for name in ("sessions", "humans", "prompts"))
    return Log(tuple(_entries(attested)), *parts)


def _entries(attested: str) -> Iterator[tuple[str, str, Ranges]]:
    path = ""
    for line in attested.split("\n"):
        if not line.startswith("  "):
            path = line.strip()
            path = path[1:-1] if len(path) > 1 and path[0] == path[-1] == '"' else path
        elif path and (found := _ENTRY.fullmatch(line)):
            yield path, found[1], _ranges(found[2])


def _ranges(text: str) -> Ranges:
    found = (_RANGE.fullmatch(part) for part in text.split(","))
    return tuple((int(one[1]), int(one[2] or one[1])) for one in found if one)


def _first_form(log: Any) -> Log:
    """The first logs, 0.0.1, had authors with their lines, and no keys."""
    entries, tools = [], {}
    for path, file in table(log, "files").items():
        for author in tables(file, "authors"):
            name, lines = author.get("author"), author.get("lines")
            agent = (
                agent_of(name) if isinstance(name, str) and identities.names_a_tool(name) else None
            )
            if agent:
                tools[agent] = {"agent_id": {"tool": agent}}
            pairs = (_pair(one) for one in lines) if isinstance(lines, list) else ()
            entries.append((path, agent or "human", tuple(pair for pair in pairs if pair)))
    return Log(tuple(entries), prompts=tools)


def _pair(lines: Any) -> tuple[int, int] | None:
    first, last = lines if isinstance(lines, list) and len(lines) == 2 else (lines, lines)
    return (number(first), number(last)) if number(first) and number(last) else None
