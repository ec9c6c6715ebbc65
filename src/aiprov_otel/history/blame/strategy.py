"""How committed files are blamed: through the whole history, or only through what is new in it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Protocol

from aiprov_otel.history.blame import hunks as blame_hunks
from aiprov_otel.history.blame.hunks import Hunk, Hunks
from aiprov_otel.history.git.repository import Git


class Strategy(Protocol):
    """Blames the files of the commit *head*."""

    head: str

    def is_cached(self, path: str) -> bool:
        """Whether `blame_head` knows the file at *path* without starting git."""

    def blame_head(self, path: str) -> Sequence[Hunk]:
        """The hunks of the file at *path* in `head`; they may extend beyond its end."""

    def blame_work_tree(self, path: str) -> Sequence[Hunk]:
        """The hunks of the file as it is in the work tree, by git alone."""


class FullBlame:
    """
    Blames each file through the whole history of *head*, once.

    Attributes:
        head: full hash of the commit.
        hunks: by path, of the files that were blamed.
    """

    def __init__(self, git: Git, head: str) -> None:
        self.head = head
        self.hunks: dict[str, Hunks] = {}
        self._git = git

    def is_cached(self, path: str) -> bool:
        """Whether `blame_head` knows the file at *path* without starting git."""
        return path in self.hunks

    def blame_head(self, path: str) -> Sequence[Hunk]:
        """The hunks of the file at *path* in `head`."""
        if path not in self.hunks:
            self.hunks[path] = Hunks.of(self._blame_committed(path))
        return self.hunks[path]

    def blame_work_tree(self, path: str) -> Sequence[Hunk]:
        """The hunks of the file as it is in the work tree, by git alone."""
        return self._blame(path)

    def _blame_committed(self, path: str) -> Sequence[Hunk]:
        return self._blame(path, self.head)

    def _blame(self, path: str, *revisions: str) -> list[Hunk]:
        return blame_hunks.parse(self._git.blame(path, *revisions))


class IncrementalBlame(FullBlame):
    """
    Blames what the commits *new* changed, and takes the rest from the *hunks* of *base*.

    The files in *same* need no blame at all.
    """

    def __init__(
        self,
        git: Git,
        head: str,
        *,
        base: str,
        hunks: Mapping[str, Hunks],
        new: Container[str],
        same: Iterable[str],
    ) -> None:
        super().__init__(git, head)
        self._base, self._base_hunks, self._new = base, hunks, new
        self.hunks = {path: hunks[path] for path in same}

    def _blame_committed(self, path: str) -> Sequence[Hunk]:
        recent = self._blame(path, f"^{self._base}", self.head)
        spliced = blame_hunks.splice(recent, self._base, self._new, self._base_hunks.get)
        return super()._blame_committed(path) if spliced is None else spliced


class WorkTree:
    """Blames the files of the work tree: by a *strategy*, and by what is not committed yet."""

    def __init__(self, git: Git, strategy: Strategy) -> None:
        self.git = git
        self._strategy = strategy
        self._blobs = _parse_blobs(git.tree(strategy.head))

    def may_be_cached(self, path: str) -> bool:
        """Whether git need not be started for the file at *path*, if it is as it was committed."""
        return self._strategy.is_cached(path)

    def cached(self, path: str, content: bytes) -> Sequence[Hunk] | None:
        """The hunks of the file at *path* with this *content*; None if git has to be started."""
        if not self._strategy.is_cached(path) or not self._is_committed(path, content):
            return None
        return _shorten(self._strategy.blame_head(path), content)

    def blame(self, path: str, content: bytes) -> Sequence[Hunk]:
        """The hunks of the file at *path* with this *content*."""
        head = self._strategy.head
        if self._is_committed(path, content):
            return _shorten(self._strategy.blame_head(path), content)
        if self.git.follows_moves:
            return self._strategy.blame_work_tree(path)
        recent = blame_hunks.parse(self.git.blame(path, f"^{head}"))
        # In the middle of a merge a line may come from the other side.
        spliced = blame_hunks.splice(recent, head, {"0" * len(head)}, self._strategy.blame_head)
        return self._strategy.blame_work_tree(path) if spliced is None else spliced

    def _is_committed(self, path: str, content: bytes) -> bool:
        return self._blobs.get(path) == _blob_name(content, len(self._strategy.head))


def _shorten(hunks: Sequence[Hunk], content: bytes) -> Sequence[Hunk]:
    """*hunks* without what extends beyond the end of *content*."""
    lines = len(blame_hunks.python_lines(content))
    if sum(hunk.count for hunk in hunks) <= lines:
        return hunks
    return list(blame_hunks.cut(hunks, 1, lines, 1))


def _parse_blobs(tree: bytes) -> dict[str, str]:
    """The hash of each file's content in the output of `git ls-tree`."""
    rows = (row.partition(b"\t") for row in tree.split(b"\0") if row)
    return {os.fsdecode(path): mode.rpartition(b" ")[2].decode("ascii") for mode, _, path in rows}


def _blob_name(content: bytes, length: int) -> str:
    """The hash, *length* long, that git names a blob with this *content* by."""
    blob = b"blob %d\0" % len(content) + content
    if length == 64:
        return hashlib.sha256(blob).hexdigest()
    return hashlib.sha1(blob, usedforsecurity=False).hexdigest()
