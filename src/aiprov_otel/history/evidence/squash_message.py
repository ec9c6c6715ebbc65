"""A squash merge says in its message which commits it is made of: how many, and who marked them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_REQUEST: Final = re.compile(r"\([^()]*[#!]\d+\)\s*$")
_BULLET: Final = re.compile(r"\* \S")
_END: Final = re.compile(r"-{5,}\s*")
_OF_GIT: Final = re.compile(r"commit [0-9a-f]{40,64}\s*")


@dataclass(frozen=True)
class Listing:
    """
    The commits that a message lists.

    Attributes:
        starts: the line (1-based) at which each begins.
        end: the line after the last: what follows is about all of them.
    """

    starts: tuple[int, ...]
    end: int

    def marked(self, lines: Iterable[int]) -> int:
        """How many of the commits have one of the *lines*."""
        inside = {line for line in lines if self.starts[0] <= line < self.end}
        return len({sum(start <= line for start in self.starts) for line in inside})

    def introduced(self, lines: Iterable[int]) -> bool:
        """Whether one of the *lines* stands before the list, and so speaks of the whole."""
        return any(0 < line < self.starts[0] for line in lines)


def find(lines: Sequence[str]) -> Listing | None:
    """The list in the message that has these *lines*; None where fewer than two are listed."""
    starts = _of_forge(lines) or [n for n, line in enumerate(lines, 1) if _OF_GIT.fullmatch(line)]
    if len(starts) < 2:
        return None
    rest = range(starts[-1] + 1, len(lines) + 1)
    end = next((number for number in rest if _END.fullmatch(lines[number - 1])), len(lines) + 1)
    return Listing(tuple(starts), end)


def _of_forge(lines: Sequence[str]) -> list[int]:
    """GitHub writes `* subject` with blank lines around; a list of points has none between."""
    if not lines or not _REQUEST.search(lines[0]):
        return []
    padded = ["", *lines, ""]
    return [
        number
        for number in range(2, len(lines) + 1)
        if _BULLET.match(padded[number])
        and not padded[number - 1].strip()
        and not padded[number + 1].strip()
    ]
