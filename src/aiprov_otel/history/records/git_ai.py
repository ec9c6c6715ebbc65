"""The records of git-ai: authorship logs of its standard 3.0.0, in notes below `refs/notes/ai`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiprov_otel.history import people
from aiprov_otel.history.commits import Commit
from aiprov_otel.history.git import Git
from aiprov_otel.history.marks import Mark
from aiprov_otel.history.records import notes
from aiprov_otel.history.records.record import Record, Source, Stretch, record
from aiprov_otel.history.records.reported import agent_of, loads, mark, number, table, tables
from aiprov_otel.values import Evidence, Origin

_REFS: Final = ("refs/notes/ai", "refs/notes/ai-remote/")
_BEFORE_NOTES: Final = "refs/ai/authorship/"
_ENTRY = re.compile(r"  (\S+) (\S+)\s*")
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
# A key of another shape may be anything, and that of a person is a hash of name and address:
# neither is repeated.
_KEY = re.compile(r"s_[0-9a-f]{1,64}(::t_[0-9a-f]{1,64})?|[0-9a-f]{1,64}|ai_agent|human")

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


def sources(git: Git) -> Iterator[Source]:
    """Each ref of notes, this clone's own first; then what was written before there were notes."""
    for ref in notes.refs(git, *_REFS):
        yield Logs(notes.Notes(git, ref))
    if before := notes.refs(git, _BEFORE_NOTES):
        yield Loose(git, before)


class Logs:
    """The authorship logs of one ref of notes."""

    def __init__(self, those: notes.Notes) -> None:
        self._notes = those
        self._prompts: dict[str, Any] | None = None

    @property
    def commits(self) -> Collection[str]:
        """The commits that have a log."""
        return self._notes.commits

    @property
    def lacking(self) -> int:
        """How many logs are not in this partial clone."""
        return self._notes.lacking

    def of(self, commits: Mapping[str, Commit]) -> dict[str, Record]:
        """The record in the log of each of *commits* that has one."""
        noted = self._notes.read(name for name in commits if name in self.commits)
        return {
            name: to_record(parse(note), self._notes.ref, self._elsewhere) for name, note in noted
        }

    def _elsewhere(self, key: str) -> Any:
        """What any log says of *key*: notes that were merged or copied name keys of others."""
        if self._prompts is None:
            self._prompts = {}
            for _, note in self._notes.read(self.commits):
                self._prompts.update(parse(note).prompts)
        return self._prompts.get(key)


class Loose:
    """Logs that are named after their commit and hang on no note."""

    lacking: Final = 0

    def __init__(self, git: Git, refs: Iterable[str]) -> None:
        self._git = git
        self._refs = {ref.rpartition("/")[2]: ref for ref in refs}

    @property
    def commits(self) -> Collection[str]:
        """The commits that have a log."""
        return self._refs.keys()

    def of(self, commits: Mapping[str, Commit]) -> dict[str, Record]:
        """The record in the log of each of *commits* that has one."""
        names = [name for name in commits if name in self._refs]
        found = notes.read(self._git, (self._refs[name] for name in names))
        return {
            name: to_record(parse(log), _BEFORE_NOTES.rstrip("/"), lambda _: None)
            for name, log in zip(names, found, strict=True)
            if log is not None
        }


def parse(log: bytes) -> Log:
    """The authorship log in a note; one that holds nothing for what can't be read."""
    text = log.decode("utf-8", "replace")
    if text.startswith("{"):
        return _first_form(loads(text))
    attested, _, metadata = f"\n{text}".partition("\n---\n")
    told = loads(metadata)
    parts = (table(told, name) for name in ("sessions", "humans", "prompts"))
    return Log(tuple(_entries(attested)), *parts)


def to_record(log: Log, ref: str, elsewhere: Callable[[str], Any]) -> Record:
    """What *log* says; *elsewhere* gives the prompt of a key that it only mentions."""
    marks = {key: _mark(key, log, ref, elsewhere) for _, key, _ in log.entries}
    return record(
        (path, Stretch(first, last, said))
        for path, key, ranges in log.entries
        if (said := marks[key])
        for first, last in ranges
    )


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


def _first_form(log: Any) -> Log:
    """The first logs, 0.0.1, had authors with their lines, and no keys."""
    entries, tools = [], {}
    for path, file in table(log, "files").items():
        for author in tables(file, "authors"):
            name, lines = author.get("author"), author.get("lines")
            agent = agent_of(name) if isinstance(name, str) and people.names_a_tool(name) else None
            if agent:
                tools[agent] = {"agent_id": {"tool": agent}}
            pairs = (_pair(one) for one in lines) if isinstance(lines, list) else ()
            entries.append((path, agent or "human", tuple(pair for pair in pairs if pair)))
    return Log(tuple(entries), prompts=tools)


def _pair(lines: Any) -> tuple[int, int] | None:
    first, last = lines if isinstance(lines, list) and len(lines) == 2 else (lines, lines)
    return (number(first), number(last)) if number(first) and number(last) else None
