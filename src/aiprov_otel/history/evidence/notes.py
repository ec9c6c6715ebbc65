"""Git notes: which commits have one, and what it holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git import objects, repository
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git

if TYPE_CHECKING:
    from aiprov_otel.history.evidence.records import Record

# git spreads the names over folders as there are more of them, and not over all in one go.
_ENTRY = re.compile(rb"\d+ blob ([0-9a-f]{40,64})\t([0-9a-f]{2}(?:/?[0-9a-f]{2}){19,31})")


class Notes:
    """
    Notes on commits: in one ref of notes, or elsewhere under the names of the commits.

    Attributes:
        ref: where they are kept.
        missing: how many of them this partial clone lacks.
    """

    def __init__(self, git: Git, ref: str, blobs: Mapping[str, str], missing: int = 0) -> None:
        self._git = git
        self._blobs = blobs
        self.ref = ref
        self.missing = missing

    @property
    def commits(self) -> Collection[str]:
        """The commits that have a note."""
        return self._blobs.keys()

    def read(self, commits: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The note on each of *commits*, which all have one."""
        names = list(commits)
        contents = read_objects(self._git, (self._blobs[name] for name in names))
        for name, note in zip(names, contents, strict=True):
            if note is not None:
                yield name, note


def list_notes(git: Git, ref: str) -> Notes:
    """The notes of *ref*."""
    blobs = _list_blobs(git, ref)
    missing = _missing_objects(git, ref) if repository.is_partial(git) else frozenset()
    present = {name: blob for name, blob in blobs.items() if blob not in missing}
    return Notes(git, ref, present, len(blobs) - len(present))


class NoteRecords:
    """
    Notes that hold one record each.

    *parse* makes it from a note and the ref, and returns None for a note that it can't read.

    Attributes:
        unreadable: the commits whose notes can't be read, of those that were read.
    """

    def __init__(self, notes: Notes, parse: Callable[[bytes, str], Record | None]) -> None:
        self._notes = notes
        self._parse = parse
        self.unreadable: set[str] = set()

    @property
    def commits(self) -> Collection[str]:
        """The commits that have a note."""
        return self._notes.commits

    @property
    def missing(self) -> int:
        """How many notes this partial clone lacks."""
        return self._notes.missing

    def read(self, commits: Mapping[str, Commit]) -> dict[str, Record]:
        """The record in the note of each of *commits* that has one."""
        notes = self._notes.read(name for name in commits if name in self.commits)
        records = {name: self._parse(note, self._notes.ref) for name, note in notes}
        self.unreadable |= {name for name, record in records.items() if record is None}
        return {name: record for name, record in records.items() if record is not None}

    @property
    def ref(self) -> str:
        """Where the notes are kept."""
        return self._notes.ref


def read_objects(git: Git, names: Iterable[str]) -> Iterator[bytes | None]:
    """The content of each of the objects *names*; None for a missing one."""
    return objects.parse_contents(git.objects(names))


def _list_blobs(git: Git, ref: str) -> dict[str, str]:
    """The blob of each commit that *ref* has a note on."""
    try:
        entries = git.tree(git.refs[ref]).split(b"\0")
    except HistoryError:  # the ref does not lead to a tree of notes, or a folder of it is missing
        return {}
    matches = (_ENTRY.fullmatch(entry) for entry in entries)
    return {_text(match[2]).replace("/", ""): _text(match[1]) for match in matches if match}


def _missing_objects(git: Git, ref: str) -> frozenset[str]:
    """The objects below *ref* that a partial clone lacks; reading one of them would fetch it."""
    listed = git.run("rev-list", "--objects", "--missing=print", f"{git.refs[ref]}^{{tree}}")
    return frozenset(_text(line[1:]) for line in listed.splitlines() if line.startswith(b"?"))


def _text(name: bytes) -> str:
    return name.decode("ascii")
