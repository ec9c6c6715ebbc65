"""Follows lines from one version of a file to another through what differs between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from aiprov_otel.history.blame.hunks import Hunk

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
