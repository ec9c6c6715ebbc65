"""Hunks of `git blame --incremental`: parsed, spliced, and shifted through diffs; pure."""

from __future__ import annotations

import os
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, Final, NamedTuple, Self, TypeVar, cast, overload

from aiprov_otel.manifest.columns import narrow

_T = TypeVar("_T")

NO_COMMIT: Final = ""
"""Stands for the commit of a line that git can't attribute."""

UNMARKED: Final = "-"
"""Stands for the commit of a line that no marked commit wrote, where only those were looked for."""


class Hunk(NamedTuple):
    """
    Consecutive lines of a file that come from one place.

    Attributes:
        commit: full hash of the commit that wrote them.
        first: the first of them (1-based) in the file as it is now.
        count: how many lines there are.
        original: the first of them (1-based) in the file as it was in *commit*.
        path: the name of the file in *commit*.
    """

    commit: str
    first: int
    count: int  # type: ignore[assignment]  # hides the method of tuples, which is not used
    original: int
    path: str


# What `Hunk._make` does, without a function of Python's for each.
_make: Final = cast("Callable[[Iterable[Any]], Hunk]", partial(tuple.__new__, Hunk))


class Hunks(Sequence[Hunk]):
    """
    The hunks of one file, in columns: a seventh of the memory of tuples.

    A build holds those of all files until it ends.

    Attributes:
        commits, paths, firsts, counts, originals: of each hunk, its `commit` and so on.
    """

    __slots__ = ("commits", "counts", "firsts", "originals", "paths")

    def __init__(
        self,
        commits: Iterable[str] = (),
        firsts: Sequence[int] = (),
        counts: Sequence[int] = (),
        originals: Sequence[int] = (),
        paths: Iterable[str] = (),
    ) -> None:
        self.commits = tuple(commits)
        self.firsts, self.counts, self.originals = map(narrow, (firsts, counts, originals))
        self.paths = tuple(paths)

    @classmethod
    def of(cls, hunks: Sequence[Hunk]) -> Self:
        """*hunks* in columns."""
        return hunks if isinstance(hunks, cls) else cls(*zip(*hunks, strict=True))

    def __len__(self) -> int:
        return len(self.commits)

    @overload
    def __getitem__(self, index: int) -> Hunk: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Hunk]: ...
    def __getitem__(self, index: int | slice) -> Hunk | Sequence[Hunk]:
        if isinstance(index, slice):
            return list(self)[index]
        return _make(column[index] for column in self._columns)

    def __iter__(self) -> Iterator[Hunk]:
        return map(_make, zip(*self._columns, strict=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    @property
    def places(self) -> set[tuple[str, str]]:
        """The commit and the path of each."""
        return set(zip(self.commits, self.paths, strict=True))

    @property
    def _columns(self) -> tuple[Sequence[Any], ...]:
        return self.commits, self.firsts, self.counts, self.originals, self.paths


# Every other line of the output begins with a word, whatever names and subjects hold.
_HUNK: Final = re.compile(
    rb"^(?:([0-9a-f]{40,64}) (\d{1,9}) (\d{1,9}) (\d{1,9})|filename (.*))$", re.MULTILINE
)


def parse(output: bytes) -> list[Hunk]:
    """The hunks of one file in the order of its lines."""
    hunks = []
    # Hunks share their strings: those of a file are of few commits and paths.
    names: dict[bytes, str] = {}
    head: re.Match[bytes] | None = None
    for match in _HUNK.finditer(output):
        if match[1]:
            head = match
        elif head:  # the file name ends the description of a hunk
            commit, original, first, count = head.group(1, 2, 3, 4)
            if (path := names.get(match[5])) is None:
                path = names[match[5]] = sys.intern(os.fsdecode(unquote(match[5])))
            if (name := names.get(commit)) is None:
                name = names[commit] = sys.intern(commit.decode("ascii"))
            hunks.append(_make((name, int(first), int(count), int(original), path)))
            head = None
    return sorted(hunks, key=itemgetter(1))


def is_uncommitted(commit: str) -> bool:
    """Whether *commit* is blame's answer for a line that is not committed yet."""
    return not commit.strip("0")


_ESCAPE: Final = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS: Final = {
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
}


def unquote(name: bytes) -> bytes:
    """*name* without git's quotes and escapes; a name that is not quoted is left alone."""
    if len(name) < 2 or not (name.startswith(b'"') and name.endswith(b'"')):
        return name
    return _ESCAPE.sub(_unescape, name[1:-1])


def _unescape(match: re.Match[bytes]) -> bytes:
    escape = match[1]
    if len(escape) == 3:
        return bytes([int(escape, 8) & 0xFF])
    return _LETTERS.get(escape, escape)


def python_lines(source: bytes) -> Sequence[int]:
    """
    How many lines of Python each line of git is.

    Git ends a line at `\\n` alone; Python also at a `\\r` that no `\\n` follows.
    """
    if b"\r" not in source:
        return b"\1" * (source.count(b"\n") + (source[-1:] not in {b"", b"\n"}))
    lines = source.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [max(1, len(line.splitlines())) for line in lines]


def widen(values: Iterable[_T], widths: Sequence[int]) -> Iterator[_T]:
    """One value for each line of Python, from one for each line of git."""
    for value, width in zip(values, widths, strict=True):
        for _ in range(width):
            yield value


def covers(hunks: Sequence[Hunk], lines: int) -> bool:
    """
    Whether *hunks* hold each of that many *lines* once.

    They do not where git saw other lines: a filter changed them on their way into the repository,
    or the file was written to while git read it.
    """
    following = 1
    for hunk in hunks:
        if hunk.first != following:
            return False
        following += hunk.count
    return following == lines + 1


def cut(hunks: Sequence[Hunk], start: int, count: int, first: int) -> Iterator[Hunk]:
    """*count* lines of *hunks* from line *start* on, renumbered from *first*."""
    index = bisect_right(hunks, start, key=lambda hunk: hunk.first) - 1
    while count > 0 and index < len(hunks):
        hunk = hunks[index]
        skipped = start - hunk.first
        taken = min(hunk.count - skipped, count)
        yield Hunk(hunk.commit, first, taken, hunk.original + skipped, hunk.path)
        start, first, count, index = start + taken, first + taken, count - taken, index + 1


def join(hunks: Iterable[Hunk]) -> Iterator[Hunk]:
    """*hunks*, with neighbors made one where the second continues the first."""
    last: Hunk | None = None
    for hunk in hunks:
        if last and _continues(last, hunk):
            last = Hunk(last.commit, last.first, last.count + hunk.count, last.original, last.path)
            continue
        if last:
            yield last
        last = hunk
    if last:
        yield last


def _continues(last: Hunk, hunk: Hunk) -> bool:
    same_place = (last.commit, last.path) == (hunk.commit, hunk.path)
    return same_place and last.original + last.count == hunk.original


Lookup = Callable[[str], Sequence[Hunk] | None]
"""Returns the hunks of a whole file of an earlier commit, by its path; None for an unknown file."""


def splice(
    hunks: Iterable[Hunk], base: str, final: Container[str], lookup: Lookup
) -> list[Hunk] | None:
    """
    *hunks* of a blame that stopped at *base*, with what *lookup* gives for the lines of *base*.

    Lines of the commits in *final* stay as they are. None where a line ended elsewhere: at an
    older commit that a branch left from, or in a file that *lookup* does not know.
    """
    spliced: list[Hunk] = []
    for hunk in hunks:
        if hunk.commit in final:
            spliced.append(hunk)
            continue
        earlier = lookup(hunk.path) if hunk.commit == base else None
        if earlier is None:
            return None
        spliced += cut(earlier, hunk.original, hunk.count, hunk.first)
    return list(join(spliced))


_LAST: Final = 10**9


class Unchanged(NamedTuple):
    """*count* lines that two files share: from line *old* of one, and line *new* of the other."""

    old: int
    new: int
    count: int  # type: ignore[assignment]  # as in `Hunk`


def find_unchanged(changes: Iterable[tuple[range, range]]) -> list[Unchanged]:
    """The lines that two files share around *changes*: the lines removed, and those added."""
    unchanged, old, new = [], 1, 1
    for removed, added in changes:
        # For a side without a line of the change, git names the line before it.
        start = removed.start + (not removed)
        if start > old:
            unchanged.append(Unchanged(old, new, start - old))
        old, new = start + len(removed), added.stop + (not added)
    return [*unchanged, Unchanged(old, new, _LAST)]


def shift(hunks: Iterable[Hunk], unchanged: Sequence[Unchanged]) -> Iterator[Hunk]:
    """*hunks* of the old file as hunks of the new one, as far as their lines are *unchanged*."""
    for hunk in hunks:
        for block in unchanged:
            first = max(hunk.first, block.old)
            last = min(hunk.first + hunk.count, block.old + block.count) - 1
            if first <= last:
                original = hunk.original + first - hunk.first
                new = block.new + first - block.old
                yield Hunk(hunk.commit, new, last - first + 1, original, hunk.path)
