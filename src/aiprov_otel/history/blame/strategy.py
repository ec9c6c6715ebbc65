"""Where the lines of committed files come from: by the whole history, or by what is new in it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Protocol

from aiprov_otel.history.blame import hunks as blame_hunks
from aiprov_otel.history.blame.hunks import Hunk
from aiprov_otel.history.git.repository import Git


class Lineage(Protocol):
    """Says where lines come from, as of the commit *head*."""

    head: str

    def at_hand(self, path: str) -> bool:
        """Whether `committed` knows the file at *path* without asking git."""

    def committed(self, path: str) -> Sequence[Hunk]:
        """The hunks of the file that is at *path* in `head`; they may go on beyond its end."""

    def anew(self, path: str) -> Sequence[Hunk]:
        """The hunks of the file as it is in the work tree, by git alone."""


class Whole:
    """Blames each file through the whole history of *head*, once."""

    def __init__(self, git: Git, head: str) -> None:
        self.head = head
        self.known: dict[str, Sequence[Hunk]] = {}
        self._git = git

    def at_hand(self, path: str) -> bool:
        """Whether `committed` knows the file at *path* without asking git."""
        return path in self.known

    def committed(self, path: str) -> Sequence[Hunk]:
        """The hunks of the file that is at *path* in `head`."""
        if path not in self.known:
            self.known[path] = self._found(path)
        return self.known[path]

    def anew(self, path: str) -> Sequence[Hunk]:
        """The hunks of the file as it is in the work tree, by git alone."""
        return self._blame(path)

    def _found(self, path: str) -> Sequence[Hunk]:
        return self._blame(path, self.head)

    def _blame(self, path: str, *revisions: str) -> list[Hunk]:
        return blame_hunks.parse(self._git.blame(path, *revisions))


class Since(Whole):
    """
    Blames what the commits *new* did, and knows the rest from the *hunks* of *base*.

    The files of *same* are those that need no blame at all.
    """

    def __init__(
        self,
        git: Git,
        head: str,
        *,
        base: str,
        hunks: Mapping[str, Sequence[Hunk]],
        new: Container[str],
        same: Iterable[str],
    ) -> None:
        super().__init__(git, head)
        self._base, self._hunks, self._new = base, hunks, new
        self.known = {path: hunks[path] for path in same}

    def _found(self, path: str) -> Sequence[Hunk]:
        recent = self._blame(path, f"^{self._base}", self.head)
        found = blame_hunks.splice(recent, self._base, self._new, self._hunks.get)
        return super()._found(path) if found is None else found


class WorkTree:
    """The files of the work tree, by a *lineage* and by what is not committed yet."""

    def __init__(self, git: Git, lineage: Lineage) -> None:
        self.git = git
        self._lineage = lineage
        self._blobs = _blobs(git.tree(lineage.head))

    def may_be_at_hand(self, path: str) -> bool:
        """Whether git need not be asked about the file at *path*, if it is as it was committed."""
        return self._lineage.at_hand(path)

    def at_hand(self, path: str, content: bytes) -> Sequence[Hunk] | None:
        """The hunks of the file at *path*, which holds *content*; None if git has to be asked."""
        if not self._lineage.at_hand(path) or not self._is_committed(path, content):
            return None
        return _cut(self._lineage.committed(path), len(blame_hunks.widths(content)))

    def hunks(self, path: str, content: bytes) -> Sequence[Hunk]:
        """The hunks of the file at *path*, which holds *content*."""
        head = self._lineage.head
        if self._is_committed(path, content):
            return _cut(self._lineage.committed(path), len(blame_hunks.widths(content)))
        if self.git.follows_moves:
            return self._lineage.anew(path)
        recent = blame_hunks.parse(self.git.blame(path, f"^{head}"))
        # In the middle of a merge a line may come from the other side.
        found = blame_hunks.splice(recent, head, {"0" * len(head)}, self._lineage.committed)
        return self._lineage.anew(path) if found is None else found

    def _is_committed(self, path: str, content: bytes) -> bool:
        return self._blobs.get(path) == _blob(content, len(self._lineage.head))


def _cut(hunks: Sequence[Hunk], lines: int) -> Sequence[Hunk]:
    if sum(hunk.count for hunk in hunks) <= lines:
        return hunks
    return list(blame_hunks.part(hunks, 1, lines, 1))


def _blobs(tree: bytes) -> dict[str, str]:
    """The name of each file's content in the output of `git ls-tree`."""
    rows = (row.partition(b"\t") for row in tree.split(b"\0") if row)
    return {os.fsdecode(path): about.rpartition(b" ")[2].decode("ascii") for about, _, path in rows}


def _blob(content: bytes, length: int) -> str:
    """The name that git gives *content*, where names are *length* long."""
    named = b"blob %d\0" % len(content) + content
    if length == 64:
        return hashlib.sha256(named).hexdigest()
    return hashlib.sha1(named, usedforsecurity=False).hexdigest()
