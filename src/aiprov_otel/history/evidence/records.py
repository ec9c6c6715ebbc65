"""One record: which lines of which files are whose, in one commit."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol, TypeAlias

from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.git.objects import Commit


class MarkedRange(NamedTuple):
    """The lines *first* to *last* (1-based, both included) and their *mark*."""

    first: int
    last: int
    mark: Mark


Record: TypeAlias = Mapping[str, Sequence[MarkedRange]]
"""By path in the commit; the ranges of a path are sorted and don't overlap."""


class Source(Protocol):
    """One place where records are kept: a ref of notes, a file of traces."""

    @property
    def commits(self) -> Collection[str]:
        """The commits that it may have a record on."""

    @property
    def missing(self) -> int:
        """How many records this partial clone lacks."""

    @property
    def unreadable(self) -> Collection[str]:
        """The commits whose record can't be read, of those that were read."""

    @property
    def ref(self) -> str:
        """Where the records are kept."""

    def read(self, commits: Mapping[str, Commit]) -> Mapping[str, Record]:
        """The records on *commits*; a commit without one is left out."""


def make_record(ranges: Iterable[tuple[str, MarkedRange]]) -> Record:
    """The record of these *ranges* of paths; where they overlap, the last one counts."""
    by_path = defaultdict(list)
    for path, marked in ranges:
        if 1 <= marked.first <= marked.last:
            by_path[path].append(marked)
    return {path: tuple(_flatten(rows)) for path, rows in by_path.items()}


def overlapping(ranges: Sequence[MarkedRange], first: int, last: int) -> Sequence[MarkedRange]:
    """Those of the *ranges* of a record that have one of the lines *first* to *last*."""
    start = bisect_right(ranges, first, key=lambda marked: marked.first) - 1
    end = bisect_right(ranges, last, key=lambda marked: marked.first)
    return [marked for marked in ranges[max(start, 0) : end] if marked.last >= first]


def _flatten(ranges: Sequence[MarkedRange]) -> Iterator[MarkedRange]:
    """The same without overlaps: a sweep over the lines at which any of them begins or ends."""
    waiting = sorted(enumerate(ranges), key=lambda pair: pair[1].first, reverse=True)
    edges = sorted({edge for marked in ranges for edge in (marked.first, marked.last + 1)})
    open_ranges: list[int] = []
    for start, end in pairwise(edges):
        while waiting and waiting[-1][1].first <= start:
            heapq.heappush(open_ranges, -waiting.pop()[0])
        while open_ranges and ranges[-open_ranges[0]].last < start:
            heapq.heappop(open_ranges)
        if open_ranges:
            yield MarkedRange(start, end - 1, ranges[-open_ranges[0]].mark)
