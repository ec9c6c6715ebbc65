"""Lines of files as a reader and a program name them: `src/shop/cart.py:4-7`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The lines from *first* to *last* of the file at *path*."""

    path: str
    first: int
    last: int

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        return f"{self.path}:{lines_text(self.first, self.last)}"

    def to_json(self) -> dict[str, Any]:
        """The place as JSON values."""
        return {"path": self.path, "first": self.first, "last": self.last}


def places(path: str, lines: Iterable[int]) -> Iterator[Place]:
    """*lines* of the file at *path*, as few places as possible, in order."""
    first = last = 0
    for line in sorted(lines):
        if line == last + 1 and first:
            last = line
            continue
        if first:
            yield Place(path, first, last)
        first = last = line
    if first:
        yield Place(path, first, last)


def lines_text(first: int, last: int) -> str:
    """`4`, or `4-7`."""
    return str(first) if first == last else f"{first}-{last}"
