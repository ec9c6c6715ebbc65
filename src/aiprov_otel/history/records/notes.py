"""Notes of git: which commits have one, and what it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from aiprov_otel.errors import HistoryError
from aiprov_otel.history import batch
from aiprov_otel.history.commits import Commit
from aiprov_otel.history.git import Git
from aiprov_otel.history.records.record import Record

# git spreads the names over folders as there are more of them, and not over all in one go.
_ENTRY = re.compile(rb"\d+ blob ([0-9a-f]{40,64})\t([0-9a-f]{2}(?:/?[0-9a-f]{2}){19,31})")


class Notes:
    """
    The notes of one ref.

    Attributes:
        ref: which.
        lacking: how many of them are not in this partial clone.
    """

    def __init__(self, git: Git, ref: str) -> None:
        self._git = git
        self.ref = ref
        blobs = _blobs(git, ref)
        lacking = _lacking(git, ref) if git.partial() else frozenset()
        self._blobs = {name: blob for name, blob in blobs.items() if blob not in lacking}
        self.lacking = len(blobs) - len(self._blobs)

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


class NotedRecords:
    """One ref whose notes are records each: *parse* makes one of the note and the ref's name."""

    def __init__(self, git: Git, ref: str, parse: Callable[[bytes, str], Record]) -> None:
        self._notes = Notes(git, ref)
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


def refs(git: Git, *patterns: str) -> list[str]:
    """The names of the refs that fit one of *patterns*."""
    output = git.run("for-each-ref", "--format=%(refname)", *patterns)
    return output.decode("utf-8", "surrogateescape").splitlines()


def read(git: Git, objects: Iterable[str]) -> list[bytes | None]:
    """The content of each of *objects*; None for one that is not there."""
    names = list(objects)
    return list(batch.contents(git.objects(names))) if names else []


def _blobs(git: Git, ref: str) -> dict[str, str]:
    """The blob of each commit that *ref* has a note on."""
    try:
        entries = git.run("ls-tree", "-r", "-z", "--full-tree", ref).split(b"\0")
    except HistoryError:  # the ref is no tree of notes, or a folder of it is missing
        return {}
    found = (_ENTRY.fullmatch(entry) for entry in entries)
    return {_text(one[2]).replace("/", ""): _text(one[1]) for one in found if one}


def _lacking(git: Git, ref: str) -> frozenset[str]:
    """The objects below *ref* that are not in a partial clone; asking for one would fetch it."""
    listed = git.run("rev-list", "--objects", "--missing=print", f"{ref}^{{tree}}")
    return frozenset(_text(line[1:]) for line in listed.splitlines() if line.startswith(b"?"))


def _text(name: bytes) -> str:
    return name.decode("ascii")
