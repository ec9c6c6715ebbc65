"""The records of Agent Blame: notes that list the ranges of lines that a tool generated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from aiprov_otel.history.evidence.mark import loads, mark, number, tables
from aiprov_otel.history.evidence.notes import NotedRecords, noted
from aiprov_otel.history.evidence.records import Record, Source, Stretch, record
from aiprov_otel.history.git.repository import Git, matching_refs
from aiprov_otel.values import Evidence, Origin

REFS: Final = ("refs/notes/agentblame",)
_GENERATED: Final = "ai_generated"


def sources(git: Git) -> Iterator[Source]:
    """The ref of notes."""
    return (NotedRecords(noted(git, ref), parse) for ref in matching_refs(git, *REFS))


def parse(note: bytes, ref: str) -> Record:
    """The record in a *note* of *ref*; nothing for what can't be read."""
    return record(_stretches(loads(note), ref))


def _stretches(told: Any, ref: str) -> Iterator[tuple[str, Stretch]]:
    for one in tables(told, "attributions"):
        path, first, last = one.get("path"), one.get("start_line"), one.get("end_line")
        if one.get("category") == _GENERATED and isinstance(path, str):
            said = mark(
                "agent-blame",
                Origin.AI,
                Evidence.NOTE,
                where=ref,
                text=_GENERATED,
                tool=one.get("provider"),
                model=one.get("model"),
            )
            yield path, Stretch(number(first), number(last), said)
