"""Which commit wrote each line: `git blame --incremental`, read as bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Every other line of the output begins with a word, whatever names and subjects hold.
_HUNK = re.compile(rb"^([0-9a-f]{40,64}) \d+ (\d{1,9}) (\d{1,9})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Hunk:
    """*count* lines from *first* (1-based) of the file as it is now, all from *commit*."""

    commit: str
    first: int
    count: int


def parse(output: bytes) -> list[Hunk]:
    """The hunks of one file in the order of its lines."""
    hunks = [
        Hunk(found[1].decode("ascii"), int(found[2]), int(found[3]))
        for found in _HUNK.finditer(output)
    ]
    return sorted(hunks, key=lambda hunk: hunk.first)


def owners(hunks: Sequence[Hunk], source: bytes) -> list[str] | None:
    """
    The commit of each line of *source*, as Python numbers the lines.

    None where git did not see the same lines: a filter changed them on their way into the
    repository, or the file was written to while git read it.
    """
    widths = _widths(source)
    if not _covers(hunks, len(widths)):
        return None
    commits = (hunk.commit for hunk in hunks for _ in range(hunk.count))
    return [commit for commit, width in zip(commits, widths, strict=True) for _ in range(width)]


def uncommitted(commit: str) -> bool:
    """Whether blame's answer is that no commit has this line yet."""
    return not commit.strip("0")


def _widths(source: bytes) -> list[int]:
    """
    How many lines of Python each line of git is.

    Git ends a line at `\\n` alone; Python also at a `\\r` that no `\\n` follows.
    """
    lines = source.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [max(1, len(line.splitlines())) for line in lines]


def _covers(hunks: Sequence[Hunk], lines: int) -> bool:
    following = 1
    for hunk in hunks:
        if hunk.first != following:
            return False
        following += hunk.count
    return following == lines + 1
