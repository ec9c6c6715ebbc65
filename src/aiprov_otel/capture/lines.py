"""Lines as salted hashes, and how those of a file as it was match those of it as it is; pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from itertools import pairwise
from typing import Final

SIZE: Final = 8
"""The bytes of a hash."""

Hashes = Sequence[bytes]

_AT_ONCE: Final = 512  # lines that are compared in one step


def split(content: bytes) -> list[bytes]:
    r"""The lines of *content* as git counts them; a `\r` at the end of one is not a part of it."""
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix(b"\r") for line in lines] if b"\r" in content else lines


class Hasher(dict[bytes, bytes]):
    """Makes the salted hash of each line, of equal ones once."""

    def __init__(self, salt: bytes) -> None:
        super().__init__()
        self._salt = salt

    def __missing__(self, line: bytes) -> bytes:
        # A prefix, because blake2b hashes a key of its own again for each line, at the same cost.
        value = self[line] = blake2b(self._salt + line, digest_size=SIZE).digest()
        return value

    def hash(self, lines: Iterable[bytes]) -> list[bytes]:
        """The salted hash of each of *lines*."""
        return [*map(self.__getitem__, lines)]


def cut(hashes: bytes) -> list[bytes]:
    """The single ones of *hashes* that were joined."""
    return [hashes[i : i + SIZE] for i in range(0, len(hashes), SIZE)]


def align(old: Hashes, new: Hashes) -> list[int]:
    """
    The place in *old* of each of *new*, -1 for a line that is matched with none.

    Where several matches are equally good, there is none: a line is matched if it continues what
    is equal before or after it, or if there is only one of it on both sides. Where most of a part
    was rewritten, one that is alone there may have been written anew, so it is matched only if it
    is where it was, counted from its neighbors.
    """
    if old == new:
        return list(range(len(new)))
    places = [-1] * len(new)
    waiting = [(0, len(old), 0, len(new))]
    while waiting:
        a, b, c, d = waiting.pop()
        same = _count_same(old[a:b], new[c:d])
        places[c : c + same] = range(a, a + same)
        a, c = a + same, c + same
        same = _count_same(old[a:b][::-1], new[c:d][::-1])
        b, d = b - same, d - same
        places[d : d + same] = range(b, b + same)
        if a < b and c < d:
            anchors = _in_place(_anchors(old, new, (a, b, c, d)), (a, b, c, d))
            edges = [(a - 1, c - 1), *anchors, (b, d)] if anchors else []
            waiting += [(p + 1, r, q + 1, s) for (p, q), (r, s) in pairwise(edges)]
            for place, line in anchors:
                places[line] = place
    return places


def _count_same(one: Hashes, other: Hashes) -> int:
    """How many lines at the start of both are the same."""
    most = min(len(one), len(other))
    same, step = 0, _AT_ONCE
    while step and same < most:
        after = min(same + step, most)
        if one[same:after] == other[same:after]:
            same = after
        else:
            step //= 2
    return same


def _anchors(old: Hashes, new: Hashes, part: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    """The lines that are there once on both sides of *part*, in an order that both sides share."""
    a, b, c, d = part
    ours, theirs = Counter(old[a:b]), Counter(new[c:d])
    by_hash = {old[place]: place for place in range(a, b) if ours[old[place]] == 1}
    pairs = [
        (by_hash[new[line]], line)
        for line in range(c, d)
        if theirs[new[line]] == 1 and new[line] in by_hash
    ]
    return _increasing(pairs)


def _in_place(
    anchors: Sequence[tuple[int, int]], part: tuple[int, int, int, int]
) -> list[tuple[int, int]]:
    """All *anchors* if they are half of what the *part* was; else those that did not move alone."""
    a, b, c, d = part
    if 2 * len(anchors) >= b - a:
        return list(anchors)
    moves = [c - a, *(line - place for place, line in anchors), d - b]
    return [
        anchor
        for anchor, before, move, after in zip(anchors, moves, moves[1:], moves[2:], strict=False)
        if move in {before, after}
    ]


def _increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of *pairs*, not necessarily neighbors, whose first members increase."""
    tails: list[int] = []
    ends: list[int] = []  # the index in `pairs` of the last member of the best run of each length
    before: list[int] = []
    for index, (place, _) in enumerate(pairs):
        length = bisect_left(tails, place)
        before.append(ends[length - 1] if length else -1)
        if length == len(tails):
            tails.append(place)
            ends.append(index)
        else:
            tails[length], ends[length] = place, index
    run = []
    index = ends[-1] if ends else -1
    while index >= 0:
        run.append(pairs[index])
        index = before[index]
    return run[::-1]


def added(old: Hashes, new: Hashes, places: Sequence[int], blank: bytes) -> set[int]:
    """
    The lines of *new* that are certainly not of *old*, given their *places*.

    A line that was only moved is not among them, nor one that could as well be its equal neighbor
    that was there before; for *blank* lines, which of two it is makes no difference.
    """
    left = set(range(len(old))).difference(places)
    moved = {old[place] for place in left}
    lines: set[int] = set()
    for first, after in runs([place < 0 for place in places]):
        lines.update(
            line for line in range(first, after) if new[line] not in moved or new[line] == blank
        )
        lines -= {line for line in _sliding(new, first, after) if new[line] != blank}
    return lines


def runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """The first, and the one after the last, of each run of true *flags*."""
    flags = [*flags, False]
    after = 0
    with suppress(ValueError):  # no run is left
        while True:
            first = flags.index(True, after)
            after = flags.index(False, first)
            yield first, after


def _sliding(new: Hashes, first: int, after: int) -> Iterator[int]:
    """The lines at the ends of an insertion that are equal to its neighbors."""
    up = 0
    while up < after - first and first - up > 0 and new[first - 1 - up] == new[after - 1 - up]:
        up += 1
        yield after - up
    down = 0
    while (
        down < after - first and after + down < len(new) and new[after + down] == new[first + down]
    ):
        yield first + down
        down += 1


def is_half_in(old: Hashes, new: Hashes) -> bool:
    """Whether half of the lines of *old* are in *new*: git, too, takes such a file for renamed."""
    return 2 * sum(place >= 0 for place in align(old, new)) >= max(len(old), 1)


def carry(
    old: Sequence[str | None], places: Sequence[int], otherwise: Callable[[int], str | None]
) -> list[str | None]:
    """The labels of lines by the labels of their *places* in *old*, or else *otherwise*."""
    return [old[p] if p >= 0 else otherwise(line) for line, p in enumerate(places)]
