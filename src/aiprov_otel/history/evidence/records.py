"""One record: which lines of which files are whose, in one commit."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, TypeAlias

from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.git.objects import Commit


@dataclass(frozen=True, slots=True)
class Stretch:
    """What *mark* says of the lines *first* to *last* (1-based, both included)."""

    first: int
    last: int
    mark: Mark


Record: TypeAlias = Mapping[str, Sequence[Stretch]]
"""By path in the commit; the stretches of a path are sorted and don't overlap."""


class Source(Protocol):
    """One place where records are kept: a ref of notes, a file of traces."""

    @property
    def commits(self) -> Collection[str]:
        """The commits that it may have a record on."""

    @property
    def lacking(self) -> int:
        """How many records are not in this partial clone."""

    def of(self, commits: Mapping[str, Commit]) -> Mapping[str, Record]:
        """The records on *commits*; a commit that has none is left out."""


def record(stretches: Iterable[tuple[str, Stretch]]) -> Record:
    """The record of these *stretches* of paths; where they overlap, the last one counts."""
    by_path = defaultdict(list)
    for path, stretch in stretches:
        if 1 <= stretch.first <= stretch.last:
            by_path[path].append(stretch)
    return {path: tuple(_flat(those)) for path, those in by_path.items()}


def within(stretches: Sequence[Stretch], first: int, last: int) -> Sequence[Stretch]:
    """Those of the *stretches* of a record that are about one of the lines *first* to *last*."""
    start = bisect_right(stretches, first, key=lambda stretch: stretch.first) - 1
    start = max(start, 0)
    end = bisect_right(stretches, last, key=lambda stretch: stretch.first)
    return [one for one in stretches[start:end] if one.last >= first]


def _flat(stretches: Sequence[Stretch]) -> Iterator[Stretch]:
    """The same without overlaps: a sweep over the lines at which any of them begins or ends."""
    waiting = sorted(enumerate(stretches), key=lambda pair: pair[1].first, reverse=True)
    edges = sorted({edge for one in stretches for edge in (one.first, one.last + 1)})
    open_ones: list[int] = []
    for start, end in pairwise(edges):
        while waiting and waiting[-1][1].first <= start:
            heapq.heappush(open_ones, -waiting.pop()[0])
        while open_ones and stretches[-open_ones[0]].last < start:
            heapq.heappop(open_ones)
        if open_ones:
            yield Stretch(start, end - 1, stretches[-open_ones[0]].mark)
