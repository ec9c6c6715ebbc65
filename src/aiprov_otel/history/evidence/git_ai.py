"""git-ai: the authorship logs below `refs/notes/ai`, and who stands behind their lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from aiprov_otel.history.evidence import identities
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.mark import agent_of, loads, mark, number, table, tables
from aiprov_otel.history.evidence.notes import NotedRecords, Notes, noted
from aiprov_otel.history.evidence.records import Record, Source, Stretch, record
from aiprov_otel.history.git.repository import Git, matching_refs
from aiprov_otel.values import Evidence, Origin

_LOG_ENTRY: Final = re.compile(r"  (\S+) (\S+)\s*")
_LOG_RANGE: Final = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")

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


def parse_log(log: bytes) -> Log:
    """The authorship log in a note; one that holds nothing for what can't be read."""
    text = log.decode("utf-8", "replace")
    if text.startswith("{"):
        return _first_form(loads(text))
    attested, _, metadata = f"\n{text}".partition("\n---\n")
    told = loads(metadata)
    parts = (table(told, name) for name in ("sessions", "humans", "prompts"))
    return Log(tuple(_log_entries(attested)), *parts)


def _log_entries(attested: str) -> Iterator[tuple[str, str, Ranges]]:
    path = ""
    for line in attested.split("\n"):
        if not line.startswith("  "):
            path = line.strip()
            path = path[1:-1] if len(path) > 1 and path[0] == path[-1] == '"' else path
        elif path and (found := _LOG_ENTRY.fullmatch(line)):
            yield path, found[1], _ranges(found[2])


def _ranges(text: str) -> Ranges:
    found = (_LOG_RANGE.fullmatch(part) for part in text.split(","))
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


_NOTES: Final = ("refs/notes/ai", "refs/notes/ai-remote/")
_BEFORE_NOTES: Final = "refs/ai/authorship/"
REFS: Final = (*_NOTES, _BEFORE_NOTES)
# A key of another shape may be anything, and that of a person is a hash of name and address:
# neither is repeated.
_KEY: Final = re.compile(r"s_[0-9a-f]{1,64}(::t_[0-9a-f]{1,64})?|[0-9a-f]{1,64}|ai_agent|human")


def sources(git: Git) -> Iterator[Source]:
    """Each ref of notes, this clone's own first; then what was written before there were notes."""
    for ref in matching_refs(git, *_NOTES):
        yield _logs(noted(git, ref))
    if before := matching_refs(git, _BEFORE_NOTES):
        named = {ref.rpartition("/")[2]: git.refs[ref] for ref in before}
        yield _logs(Notes(git, _BEFORE_NOTES.rstrip("/"), named))


def _logs(notes: Notes) -> NotedRecords:
    prompts = _Prompts(notes)
    return NotedRecords(notes, lambda log, ref: to_record(parse_log(log), ref, prompts.behind))


class _Prompts:
    """What any of *notes* says of a key: those that were merged or copied name keys of others."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def behind(self, key: str) -> Any:
        """The prompt of *key*; None where none is known."""
        return self._all.get(key)

    @cached_property
    def _all(self) -> dict[str, Any]:
        logs = (parse_log(log) for _, log in self._notes.read(self._notes.commits))
        return {key: prompt for log in logs for key, prompt in log.prompts.items()}


def to_record(log: Log, ref: str, elsewhere: Callable[[str], Any]) -> Record:
    """What *log* says; *elsewhere* gives the prompt of a key that it only mentions."""
    marks = {key: _mark(key, log, ref, elsewhere) for _, key, _ in log.entries}
    return record(
        (path, Stretch(first, last, said))
        for path, key, ranges in log.entries
        if (said := marks[key])
        for first, last in ranges
    )


def _mark(key: str, log: Log, ref: str, elsewhere: Callable[[str], Any]) -> Mark | None:
    """What stands behind *key*; None for a key that nothing stands behind any more."""
    if key == "human" or (key.startswith("h_") and key in log.humans):
        return _said(Origin.HUMAN, key, ref, {})
    if key == "ai_agent":
        return _said(Origin.AI, key, ref, {})
    if key.startswith(("s_", "h_")):
        session = log.sessions.get(key.partition("::")[0])
    else:
        session = log.prompts.get(key) or elsewhere(key)
    return None if session is None else _said(Origin.AI, key, ref, table(session, "agent_id"))


def _said(origin: Origin, key: str, ref: str, agent: Mapping[str, Any]) -> Mark:
    if agent.get("tool") == "human":
        origin = Origin.HUMAN
    other = "a person's key" if key.startswith("h_") else "a key of another form"
    text = key if _KEY.fullmatch(key) else other
    tool, model = agent.get("tool"), agent.get("model")
    return mark("git-ai", origin, Evidence.NOTE, where=ref, text=text, tool=tool, model=model)
