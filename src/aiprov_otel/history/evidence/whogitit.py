"""Records of whogitit: notes that list every line of every file that a commit changed."""

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

REFS: Final = ("refs/notes/whogitit", "refs/notes/ai-blame")  # the second is its former name
FETCHED: Final = REFS
# `Original` lines are older than the commit, and `Unknown` means nothing: neither is a mark.
_ORIGINS: Final = {"AI": Origin.AI, "AIModified": Origin.MIXED, "Human": Origin.HUMAN}


def list_sources(git: Git, kept: Kept) -> Iterator[Source]:
    """Each ref of notes."""
    return (NoteRecords(list_notes(git, ref), parse, kept) for ref in matching_refs(git, *REFS))


def parse(note: bytes, ref: str) -> Record | None:
    """The record in a *note* of *ref*; None for one that can't be read."""
    documents = parse_documents(note)
    rows = (row for document in documents for row in _parse_document(document, ref))
    return make_record(rows) if documents else None


def _parse_document(document: Any, ref: str) -> Iterator[tuple[str, MarkedRange]]:
    model = get_object(document, "session", "model").get("id")
    marks = {
        kind: make_mark("whogitit", origin, Evidence.NOTE, where=ref, text=kind, model=model)
        for kind, origin in _ORIGINS.items()
    }
    for path, line, kind in _parse_lines(document):
        if line:
            yield path, MarkedRange(line, line, marks[kind])


def _parse_lines(document: Any) -> Iterator[tuple[str, int, str]]:
    for file in get_objects(document, "files"):
        for line in get_objects(file, "lines"):
            kind = get_object(line, "source").get("type")
            if isinstance(kind, str) and kind in _ORIGINS and isinstance(file.get("path"), str):
                yield file["path"], line_number(line.get("line_number")), kind
