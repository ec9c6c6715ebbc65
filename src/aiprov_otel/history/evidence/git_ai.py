"""Records of git-ai: the authorship logs below `refs/notes/ai`, and the sessions they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from aiprov_otel.history.evidence import identities
from aiprov_otel.history.evidence.authorship_log import WATCHED_AUTHOR, Log, join, parse_logs
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.kept import Kept
from aiprov_otel.history.evidence.mark import (
    agent_slug,
    get_object,
    get_objects,
    line_number,
    make_mark,
    parse_documents,
)
from aiprov_otel.history.evidence.note_records import NoteRecords
from aiprov_otel.history.evidence.notes import Notes, list_notes
from aiprov_otel.history.evidence.records import MarkedRange, Record, Source, make_record
from aiprov_otel.history.git.repository import Git, matching_refs
from aiprov_otel.values import Evidence, Origin

_NOTES: Final = ("refs/notes/ai", "refs/notes/ai-remote/")
_FORMER: Final = "refs/ai/authorship/"  # before there were notes, a ref for each commit
REFS: Final = (*_NOTES, _FORMER)
FETCHED: Final = ("refs/notes/ai",)


def list_sources(git: Git, kept: Kept) -> Iterator[Source]:
    """Each ref of notes, this clone's own first; then the refs from before there were notes."""
    for ref in matching_refs(git, *_NOTES):
        yield _records(list_notes(git, ref), kept)
    if refs := matching_refs(git, _FORMER):
        blobs = {ref.rpartition("/")[2]: git.refs[ref] for ref in refs}
        yield _records(Notes(git, _FORMER.rstrip("/"), blobs), kept)


def _records(notes: Notes, kept: Kept) -> NoteRecords:
    prompts = _Prompts(notes, kept)

    def parse(note: bytes, ref: str) -> Record | None:
        log = parse_log(note)
        return None if log is None else to_record(log, ref, prompts.get)

    return NoteRecords(notes, parse, kept, depends=lambda: prompts.asked)


class _Prompts:
    """
    The prompts in any of *notes*: a note that was merged or copied names keys of others.

    Attributes:
        asked: how often one was looked for.
    """

    def __init__(self, notes: Notes, kept: Kept) -> None:
        self._notes = notes
        self._kept = kept.prompts
        self.asked = 0

    def get(self, key: str) -> Any:
        """The prompt of *key*; None for an unknown one."""
        self.asked += 1
        return self._by_key.get(key)

    @cached_property
    def _by_key(self) -> dict[str, Any]:
        blobs = {name: self._notes.blob(name) for name in self._notes.commits}
        new = [name for name, blob in blobs.items() if blob not in self._kept]
        for name, note in self._notes.read(new):
            log = parse_log(note)
            prompts = log.prompts.items() if log else ()
            self._kept[blobs[name]] = {key: _shorten(prompt) for key, prompt in prompts}
        rows = (self._kept.get(blob, {}) for blob in blobs.values())
        return {key: prompt for row in rows for key, prompt in row.items()}


def _shorten(prompt: Any) -> Any:
    """*prompt* with no more than the tool and the model: it may hold all that a person typed."""
    agent = get_object(prompt, "agent_id")
    names = {key: agent[key] for key in ("tool", "model") if isinstance(agent.get(key), str)}
    return None if prompt is None else {"agent_id": names}


def parse_log(note: bytes) -> Log | None:
    """The authorship logs in a *note*, joined; None where one can't be read."""
    if note.startswith(b"{"):
        documents = parse_documents(note)
        return join(map(_parse_first_version, documents)) if documents else None
    logs = parse_logs(note)
    return None if logs is None else join(logs)


def _parse_first_version(document: Any) -> Log:
    """The first logs, 0.0.1, had authors with their lines, and no keys."""
    entries, prompts = [], {}
    for path, file in get_object(document, "files").items():
        for author in get_objects(file, "authors"):
            name, lines = author.get("author"), author.get("lines")
            is_tool = isinstance(name, str) and identities.names_a_tool(name)
            agent = agent_slug(name) if is_tool else None
            if agent:
                prompts[agent] = {"agent_id": {"tool": agent}}
            pairs = map(_parse_pair, lines) if isinstance(lines, list) else ()
            entries.append((path, agent or "human", tuple(pair for pair in pairs if pair)))
    return Log(tuple(entries), prompts=prompts)


def _parse_pair(lines: Any) -> tuple[int, int] | None:
    pair = lines if isinstance(lines, list) and len(lines) == 2 else (lines, lines)
    first, last = map(line_number, pair)
    return (first, last) if first and last else None


# A key of another shape may hold anything, and that of a person is a hash of name and address:
# neither is repeated.
_KEY: Final = re.compile(r"s_[0-9a-f]{1,64}(::t_[0-9a-f]{1,64})?|[0-9a-f]{1,64}|ai_agent|human")


def to_record(log: Log, ref: str, find_prompt: Callable[[str], Any]) -> Record:
    """The record in *log*; *find_prompt* returns the prompt of a key that other notes explain."""
    marks = {key: _mark(key, log, ref, find_prompt) for _, key, _ in log.entries}
    return make_record(
        (path, MarkedRange(first, last, mark))
        for path, key, ranges in log.entries
        if (mark := marks[key])
        for first, last in ranges
    )


def _mark(key: str, log: Log, ref: str, find_prompt: Callable[[str], Any]) -> Mark | None:
    """The mark of *key*; None for a key that leads nowhere."""
    if key == "human" or (key.startswith("h_") and key in log.humans):
        mark = _make_mark(Origin.HUMAN, key, ref, {})
        watched = get_object(log.humans, key).get("author") == WATCHED_AUTHOR
        return mark._replace(evidence=Evidence.WATCHED) if watched else mark
    if key == "ai_agent":
        return _make_mark(Origin.AI, key, ref, {})
    if key.startswith(("s_", "h_")):
        session = log.sessions.get(key.partition("::")[0])
    else:
        session = log.prompts.get(key) or find_prompt(key)
    return (
        None
        if session is None
        else _make_mark(Origin.AI, key, ref, get_object(session, "agent_id"))
    )


def _make_mark(origin: Origin, key: str, ref: str, agent: Mapping[str, Any]) -> Mark:
    tool, model = agent.get("tool"), agent.get("model")
    if tool == "human":
        origin = Origin.HUMAN
    hidden = "a person's key" if key.startswith("h_") else "a key of another form"
    text = key if _KEY.fullmatch(key) else hidden
    return make_mark("git-ai", origin, Evidence.NOTE, where=ref, text=text, tool=tool, model=model)
