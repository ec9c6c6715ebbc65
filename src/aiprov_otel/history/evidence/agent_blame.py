"""Records of Agent Blame: notes that list the ranges of lines that a tool generated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from aiprov_otel.history.evidence.kept import Kept
from aiprov_otel.history.evidence.mark import get_objects, line_number, make_mark, parse_documents
from aiprov_otel.history.evidence.note_records import NoteRecords
from aiprov_otel.history.evidence.notes import list_notes
from aiprov_otel.history.evidence.records import MarkedRange, Record, Source, make_record
from aiprov_otel.history.git.repository import Git, matching_refs
from aiprov_otel.values import Evidence, Origin

REFS: Final = ("refs/notes/agentblame",)
FETCHED: Final = REFS
_GENERATED: Final = "ai_generated"


def list_sources(git: Git, kept: Kept) -> Iterator[Source]:
    """The ref of notes."""
    return (NoteRecords(list_notes(git, ref), parse, kept) for ref in matching_refs(git, *REFS))


def parse(note: bytes, ref: str) -> Record | None:
    """The record in a *note* of *ref*; None for one that can't be read."""
    documents = parse_documents(note)
    rows = (row for document in documents for row in _parse_ranges(document, ref))
    return make_record(rows) if documents else None


def _parse_ranges(document: Any, ref: str) -> Iterator[tuple[str, MarkedRange]]:
    for row in get_objects(document, "attributions"):
        path, first, last = row.get("path"), row.get("start_line"), row.get("end_line")
        if row.get("category") == _GENERATED and isinstance(path, str):
            mark = make_mark(
                "agent-blame",
                Origin.AI,
                Evidence.NOTE,
                where=ref,
                text=_GENERATED,
                tool=row.get("provider"),
                model=row.get("model"),
            )
            yield path, MarkedRange(line_number(first), line_number(last), mark)
