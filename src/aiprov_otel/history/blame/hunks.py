"""Which commit wrote each line, and where: `git blame --incremental`, read as bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, TypeVar

from aiprov_otel.history.quoting import unquoted

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
