"""The records of git-ai: who stands behind the lines of the logs below `refs/notes/ai`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.mark import mark, table
from aiprov_otel.history.evidence.notes import NotedRecords, Notes, noted
from aiprov_otel.history.evidence.records import Record, Source, Stretch, record
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.records.git_ai_log import Log, parse
from aiprov_otel.history.refs import fitting
from aiprov_otel.values import Evidence, Origin

_NOTES: Final = ("refs/notes/ai", "refs/notes/ai-remote/")
_BEFORE_NOTES: Final = "refs/ai/authorship/"
REFS: Final = (*_NOTES, _BEFORE_NOTES)
# A key of another shape may be anything, and that of a person is a hash of name and address:
# neither is repeated.
_KEY: Final = re.compile(r"s_[0-9a-f]{1,64}(::t_[0-9a-f]{1,64})?|[0-9a-f]{1,64}|ai_agent|human")


def sources(git: Git) -> Iterator[Source]:
    """Each ref of notes, this clone's own first; then what was written before there were notes."""
    for ref in fitting(git, *_NOTES):
        yield _logs(noted(git, ref))
    if before := fitting(git, _BEFORE_NOTES):
        named = {ref.rpartition("/")[2]: git.refs[ref] for ref in before}
        yield _logs(Notes(git, _BEFORE_NOTES.rstrip("/"), named))


def _logs(notes: Notes) -> NotedRecords:
    prompts = _Prompts(notes)
    return NotedRecords(notes, lambda log, ref: to_record(parse(log), ref, prompts.behind))


class _Prompts:
    """What any of *notes* says of a key: those that were merged or copied name keys of others."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def behind(self, key: str) -> Any:
        """The prompt of *key*; None where none is known."""
        return self._all.get(key)

    @cached_property
    def _all(self) -> dict[str, Any]:
        logs = (parse(log) for _, log in self._notes.read(self._notes.commits))
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
