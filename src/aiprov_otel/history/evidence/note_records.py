"""Git notes that hold one record each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.kept import Kept, pack_mark, unpack_mark
from aiprov_otel.history.evidence.notes import Notes
from aiprov_otel.history.evidence.records import MarkedRange, Record
from aiprov_otel.history.git.objects import Commit


class NoteRecords:
    """
    Notes that hold one record each.

    *parse* makes it from a note and the ref, and returns None for a note that it can't read.
    A record is *kept* for the *place*, by default the ref, unless other notes decided about it
    too: *depends* counts how often they did.

    Attributes:
        unreadable: the commits whose notes can't be read, of those that were read.
    """

    def __init__(
        self,
        notes: Notes,
        parse: Callable[[bytes, str], Record | None],
        kept: Kept,
        *,
        place: str | None = None,
        depends: Callable[[], int] = int,
    ) -> None:
        self._notes = notes
        self._parse = parse
        self._kept = kept.records
        self._place = place or notes.ref
        self._depends = depends
        self.unreadable: set[str] = set()

    @property
    def commits(self) -> Collection[str]:
        """The commits that have a note."""
        return self._notes.commits

    @property
    def missing(self) -> int:
        """How many notes this partial clone lacks."""
        return self._notes.missing

    def read(self, commits: Mapping[str, Commit]) -> Mapping[str, Record]:
        """The record in the note of each of *commits* that has one."""
        keys = {
            name: f"{self._place} {self._notes.blob(name)}"
            for name in commits
            if name in self.commits
        }
        rows = {name: self._kept[key] for name, key in keys.items() if key in self._kept}
        new: dict[str, Record | None] = {}
        for name, note in self._notes.read(name for name in keys if name not in rows):
            before = self._depends()
            new[name] = record = self._parse(note, self._notes.ref)
            if self._depends() == before:
                self._kept[keys[name]] = _pack(record)
        self.unreadable |= {name for name, one in (rows | new).items() if one is None}
        return _Records(rows, new)

    @property
    def ref(self) -> str:
        """Where the notes are kept."""
        return self._notes.ref


class _Records(Mapping[str, Record]):
    """The records in kept *rows*, made as they are needed, and those that were *read*."""

    def __init__(self, rows: Mapping[str, Any], read: Mapping[str, Record | None]) -> None:
        self._rows = {name: row for name, row in rows.items() if row is not None}
        self._read = {name: record for name, record in read.items() if record is not None}

    def __getitem__(self, name: str) -> Record:
        if name not in self._read:
            self._read[name] = _unpack(self._rows[name])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows.keys() | self._read.keys())

    def __len__(self) -> int:
        return len(self._rows.keys() | self._read.keys())


def _pack(record: Record | None) -> list[Any] | None:
    """*record* as JSON values: its marks and, by path, three numbers a range."""
    if record is None:
        return None
    marks: dict[Mark, int] = {}
    paths = {
        path: [n for r in rows for n in (r.first, r.last, marks.setdefault(r.mark, len(marks)))]
        for path, rows in record.items()
    }
    return [[pack_mark(mark) for mark in marks], paths]


def _unpack(row: Any) -> Record:
    marks = [unpack_mark(mark) for mark in row[0]]
    return {
        path: tuple(
            MarkedRange(first, last, marks[mark])
            for first, last, mark in zip(*(iter(numbers),) * 3, strict=True)
        )
        for path, numbers in row[1].items()
    }
