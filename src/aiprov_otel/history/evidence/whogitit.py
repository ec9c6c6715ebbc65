"""The records of whogitit: notes that list every line of every file that a commit changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from aiprov_otel.history.evidence.mark import loads, mark, number, table, tables
from aiprov_otel.history.evidence.notes import NotedRecords, noted
from aiprov_otel.history.evidence.records import Record, Source, Stretch, record
from aiprov_otel.history.git.repository import Git, matching_refs
from aiprov_otel.values import Evidence, Origin

REFS: Final = ("refs/notes/whogitit", "refs/notes/ai-blame")  # the second is its former name
# `Original` was there before the commit, `Unknown` says nothing: neither is a statement.
_ORIGINS: Final = {"AI": Origin.AI, "AIModified": Origin.MIXED, "Human": Origin.HUMAN}


def sources(git: Git) -> Iterator[Source]:
    """Each ref of notes."""
    return (NotedRecords(noted(git, ref), parse) for ref in matching_refs(git, *REFS))


def parse(note: bytes, ref: str) -> Record:
    """The record in a *note* of *ref*; nothing for what can't be read."""
    told = loads(note)
    model = table(told, "session", "model").get("id")
    marks = {
        kind: mark("whogitit", origin, Evidence.NOTE, where=ref, text=kind, model=model)
        for kind, origin in _ORIGINS.items()
    }
    return record(
        (path, Stretch(line, line, marks[kind])) for path, line, kind in _lines(told) if line
    )


def _lines(told: Any) -> Iterator[tuple[str, int, str]]:
    for file in tables(told, "files"):
        for line in tables(file, "lines"):
            kind = table(line, "source").get("type")
            if isinstance(kind, str) and kind in _ORIGINS and isinstance(file.get("path"), str):
                yield file["path"], number(line.get("line_number")), kind
