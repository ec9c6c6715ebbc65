"""Hunks of `git blame --incremental`: parsed from bytes, spliced, shifted through diffs; pure."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS: Final = {
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
}


def unquoted(name: bytes) -> bytes:
    """*name* as it is; one that git did not quote is left alone."""
    if len(name) < 2 or not (name.startswith(b'"') and name.endswith(b'"')):
        return name
    return _ESCAPE.sub(_unescaped, name[1:-1])


def _unescaped(found: re.Match[bytes]) -> bytes:
    escape = found[1]
    if len(escape) == 3:
        return bytes([int(escape, 8) & 0xFF])
    return _LETTERS.get(escape, escape)


# Every other line of the output begins with a word, whatever names and subjects hold.
_HUNK = re.compile(
    rb"^(?:([0-9a-f]{40,64}) (\d{1,9}) (\d{1,9}) (\d{1,9})|filename (.*))$", re.MULTILINE
)
_T = TypeVar("_T")

NOBODY: Final = ""
"""The commit of a line of which git can't say whose it is."""

UNASKED: Final = "-"
"""The commit of a line of which no AI commit is the one, which is all that was asked."""


class Hunk(NamedTuple):
    """
    Consecutive lines of a file that come from one place.

    Attributes:
        commit: full hash of the commit that wrote them.
        first: the first of them (1-based) in the file as it is now.
        count: how many they are.
        original: the first of them (1-based) in the file as it was in *commit*.
        path: what the file was called in *commit*.
    """

    commit: str
    first: int
    count: int  # type: ignore[assignment]  # a tuple can count too, which nobody asks of this one
    original: int
    path: str


def parse(output: bytes) -> list[Hunk]:
    """The hunks of one file in the order of its lines."""
    hunks = []
    head: re.Match[bytes] | None = None
    for found in _HUNK.finditer(output):
        if found[1]:
            head = found
        elif head:  # the file name is what ends the description of a hunk
            hunks.append(_hunk(head, found[5]))
            head = None
    return sorted(hunks, key=lambda hunk: hunk.first)


def _hunk(head: re.Match[bytes], path: bytes) -> Hunk:
    original, first, count = (int(head[group]) for group in (2, 3, 4))
    return Hunk(head[1].decode("ascii"), first, count, original, os.fsdecode(unquoted(path)))


def uncommitted(commit: str) -> bool:
    """Whether blame's answer is that no commit has this line yet."""
    return not commit.strip("0")


def widths(source: bytes) -> list[int]:
    """
    How many lines of Python each line of git is.

    Git ends a line at `\\n` alone; Python also at a `\\r` that no `\\n` follows.
    """
    if b"\r" not in source:
        return [1] * (source.count(b"\n") + (source[-1:] not in {b"", b"\n"}))
    lines = source.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [max(1, len(line.splitlines())) for line in lines]


def widened(values: Iterable[_T], widths: Sequence[int]) -> Iterator[_T]:
    """One value for each line of Python, from one for each line of git."""
    for value, width in zip(values, widths, strict=True):
        for _ in range(width):
            yield value


def covers(hunks: Sequence[Hunk], lines: int) -> bool:
    """
    Whether *hunks* are about each of so many lines, once.

    They are not where git did not see the same lines: a filter changed them on their way into
    the repository, or the file was written to while git read it.
    """
    following = 1
    for hunk in hunks:
        if hunk.first != following:
            return False
        following += hunk.count
    return following == lines + 1


Lookup = Callable[[str], Sequence[Hunk] | None]
"""The hunks of a whole file, by its path, as it was in the earlier commit; None: not known."""


def splice(
    hunks: Iterable[Hunk], base: str, final: Container[str], lookup: Lookup
) -> list[Hunk] | None:
    """
    *hunks* of a blame that stopped at *base*, with the answer of *lookup* for what it ended at.

    The commits in *final* are answers. None where a line ended elsewhere: at an older commit that
    a branch left from, or in a file that *lookup* does not know.
    """
    spliced: list[Hunk] = []
    for hunk in hunks:
        if hunk.commit in final:
            spliced.append(hunk)
            continue
        earlier = lookup(hunk.path) if hunk.commit == base else None
        if earlier is None:
            return None
        spliced += part(earlier, hunk.original, hunk.count, hunk.first)
    return list(joined(spliced))


def part(hunks: Sequence[Hunk], start: int, count: int, first: int) -> Iterator[Hunk]:
    """*count* lines of *hunks* from line *start* on, numbered anew from *first*."""
    index = bisect_right(hunks, start, key=lambda hunk: hunk.first) - 1
    while count > 0 and index < len(hunks):
        hunk = hunks[index]
        skipped = start - hunk.first
        taken = min(hunk.count - skipped, count)
        yield Hunk(hunk.commit, first, taken, hunk.original + skipped, hunk.path)
        start, first, count, index = start + taken, first + taken, count - taken, index + 1


def joined(hunks: Iterable[Hunk]) -> Iterator[Hunk]:
    """*hunks* with those made one that go on where the one before them ends."""
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


_CHANGE: Final = re.compile(
    rb"^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@", re.MULTILINE
)
_LAST: Final = 10**9


@dataclass(frozen=True, slots=True)
class Same:
    """*count* lines that are the same from line *old* of one file and line *new* of another on."""

    old: int
    new: int
    count: int


def unchanged(difference: bytes) -> list[Same]:
    """The lines that are on both sides of a *difference* that git wrote without context."""
    same, old, new = [], 1, 1
    for change in _CHANGE.finditer(difference):
        gone, come = (int(change[group] or 1) for group in (2, 4))
        # Of a side that has no line of the change, git names the line before it.
        start = int(change[1]) + (not gone)
        if start > old:
            same.append(Same(old, new, start - old))
        old, new = start + gone, int(change[3]) + (not come) + come
    return [*same, Same(old, new, _LAST)]


def shifted(hunks: Iterable[Hunk], same: Sequence[Same]) -> Iterator[Hunk]:
    """*hunks* of the old file as hunks of the new one, as far as their lines are the same."""
    for hunk in hunks:
        for one in same:
            first = max(hunk.first, one.old)
            last = min(hunk.first + hunk.count, one.old + one.count) - 1
            if first <= last:
                original = hunk.original + first - hunk.first
                new = one.new + first - one.old
                yield Hunk(hunk.commit, new, last - first + 1, original, hunk.path)
