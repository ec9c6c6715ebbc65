"""Notes of git: which commits have one, and what it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.evidence.records import Record
from aiprov_otel.history.git import objects as git_objects
from aiprov_otel.history.git import repository
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.repository import Git

# git spreads the names over folders as there are more of them, and not over all in one go.
_ENTRY = re.compile(rb"\d+ blob ([0-9a-f]{40,64})\t([0-9a-f]{2}(?:/?[0-9a-f]{2}){19,31})")


class Notes:
    """
    What hangs on commits: in one ref of notes, or elsewhere under the names of the commits.

    Attributes:
        ref: which, or where.
        lacking: how many of them are not in this partial clone.
    """

    def __init__(self, git: Git, ref: str, blobs: Mapping[str, str], lacking: int = 0) -> None:
        self._git = git
        self._blobs = blobs
        self.ref = ref
        self.lacking = lacking

    @property
    def commits(self) -> Collection[str]:
        """The commits that have a note."""
        return self._blobs.keys()

    def read(self, commits: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The note on each of *commits*; all of them have to have one."""
        names = list(commits)
        for name, note in zip(names, read(self._git, (self._blobs[n] for n in names)), strict=True):
            if note is not None:
                yield name, note


def noted(git: Git, ref: str) -> Notes:
    """The notes of *ref*."""
    blobs = _blobs(git, ref)
    lacking = _lacking(git, ref) if repository.is_partial(git) else frozenset()
    there = {name: blob for name, blob in blobs.items() if blob not in lacking}
    return Notes(git, ref, there, len(blobs) - len(there))


class NotedRecords:
    """Notes that are records each: *parse* makes one of a note and of where it hangs."""

    def __init__(self, notes: Notes, parse: Callable[[bytes, str], Record]) -> None:
        self._notes = notes
        self._parse = parse

    @property
    def commits(self) -> Collection[str]:
        """The commits that have a note."""
        return self._notes.commits

    @property
    def lacking(self) -> int:
        """How many notes are not in this partial clone."""
        return self._notes.lacking

    def of(self, commits: Mapping[str, Commit]) -> dict[str, Record]:
        """The record in the note of each of *commits* that has one."""
        found = self._notes.read(name for name in commits if name in self.commits)
        return {name: self._parse(note, self._notes.ref) for name, note in found}


def read(git: Git, objects: Iterable[str]) -> list[bytes | None]:
    """The content of each of *objects*; None for one that is not there."""
    names = list(objects)
    return list(git_objects.batch_contents(git.objects(names))) if names else []


def _blobs(git: Git, ref: str) -> dict[str, str]:
    """The blob of each commit that *ref* has a note on."""
    try:
        entries = git.tree(git.refs[ref]).split(b"\0")
    except HistoryError:  # the ref is no tree of notes, or a folder of it is missing
        return {}
    found = (_ENTRY.fullmatch(entry) for entry in entries)
    return {_text(one[2]).replace("/", ""): _text(one[1]) for one in found if one}


def _lacking(git: Git, ref: str) -> frozenset[str]:
    """The objects below *ref* that are not in a partial clone; asking for one would fetch it."""
    listed = git.run("rev-list", "--objects", "--missing=print", f"{git.refs[ref]}^{{tree}}")
    return frozenset(_text(line[1:]) for line in listed.splitlines() if line.startswith(b"?"))


def _text(name: bytes) -> str:
    return name.decode("ascii")
