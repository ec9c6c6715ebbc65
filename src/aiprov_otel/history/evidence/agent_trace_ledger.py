"""Records of the Agent Trace CLI: notes with a ledger of the lines of each file of the commit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from aiprov_otel.history.evidence.kept import Kept
from aiprov_otel.history.evidence.mark import (
    get_object,
    get_objects,
    line_number,
    make_mark,
    parse_documents,
)
from aiprov_otel.history.evidence.note_records import NoteRecords
from aiprov_otel.history.evidence.notes import list_notes
from aiprov_otel.history.evidence.records import MarkedRange, Record, Source, make_record
from aiprov_otel.history.git.repository import Git, matching_refs
from aiprov_otel.values import Evidence, Origin

REFS: Final = ("refs/notes/agent-trace", "refs/notes/agent-trace-remote/")
FETCHED: Final = REFS[:1]
_ORIGINS: Final = {"ai": Origin.AI, "human": Origin.HUMAN, "mixed": Origin.MIXED}


def list_sources(git: Git, kept: Kept) -> Iterator[Source]:
    """Each ref of notes."""
    return (NoteRecords(list_notes(git, ref), parse, kept) for ref in matching_refs(git, *REFS))


def parse(note: bytes, ref: str) -> Record | None:
    """The record in a *note* of *ref*; None for one that can't be read."""
    documents = parse_documents(note)
    rows = (row for document in documents for row in _parse_ledger(document, ref))
    return make_record(rows) if documents else None


def _parse_ledger(document: Any, ref: str) -> Iterator[tuple[str, MarkedRange]]:
    ledger = get_object(document, "ledger") or get_object(document)
    tool = get_object(document, "tool").get("name") or document.get("tool")
    for path, file in get_object(ledger, "files").items():
        for row in get_objects(file, "line_attributions"):
            origin = _ORIGINS.get(str(row.get("type")).lower())
            first, last = line_number(row.get("start_line")), line_number(row.get("end_line"))
            if origin:
                mark = make_mark(
                    "agent-trace",
                    origin,
                    Evidence.AGENT_TRACE,
                    where=ref,
                    text=origin.value,
                    tool=row.get("tool") or tool,
                    model=row.get("model_id"),
                )
                yield path, MarkedRange(first, last or first, mark)
