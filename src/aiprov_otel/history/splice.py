"""Lines that came unchanged from an earlier commit get what is known of them there: pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from aiprov_otel.history.blame.hunks import Hunk

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
