"""The list of commits in the message of a squash merge: how many, and which of them are marked."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Sequence
from typing import Final, NamedTuple

from aiprov_otel.history.evidence import identities, trailers
from aiprov_otel.history.git.objects import Commit

_REQUEST: Final = re.compile(r"\([^()]*[#!]\d+\)\s*$")
_BULLET: Final = re.compile(r"\* \S")
_END: Final = re.compile(r"-{5,}\s*")
_GIT_ENTRY: Final = re.compile(r"commit [0-9a-f]{40,64}\s*")


class Listing(NamedTuple):
    """
    The commits that a message lists.

    Attributes:
        starts: the line (1-based) at which each begins.
        end: the line after the last commit: the lines from it on are about all of them.
    """

    starts: tuple[int, ...]
    end: int

    def count_marked(self, lines: Iterable[int]) -> int:
        """How many of the commits have one of the *lines*."""
        inside = {line for line in lines if self.starts[0] <= line < self.end}
        return len({bisect_right(self.starts, line) for line in inside})

    def is_introduced_by(self, lines: Iterable[int]) -> bool:
        """Whether one of the *lines* is above the list, and so about all of it."""
        return any(0 < line < self.starts[0] for line in lines)


def find_listing(lines: Sequence[str]) -> Listing | None:
    """The list in the message with these *lines*; None where fewer than two are listed."""
    starts = _forge_entries(lines) or [
        number for number, line in enumerate(lines, 1) if _GIT_ENTRY.fullmatch(line)
    ]
    if len(starts) < 2:
        return None
    rest = range(starts[-1] + 1, len(lines) + 1)
    end = next((number for number in rest if _END.fullmatch(lines[number - 1])), len(lines) + 1)
    return Listing(tuple(starts), end)


def has_other_authors(commit: Commit, marked: Container[int]) -> bool:
    """Whether a person beside the author is a co-author; the lines *marked* are of tools."""
    author = identities.split_address(commit.author)
    for number, line in enumerate(commit.lines, start=1):
        key, value = trailers.split_trailer(line)
        if key != "coauthoredby" or number in marked or identities.is_bot(value):
            continue
        if not _is_same(author, identities.split_address(value)):
            return True
    return False


def _is_same(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two pairs of a name and a mail address are of one person, as far as they show it."""
    if one[0].lower() == other[0].lower() or one[1] == other[1]:
        return True
    # People push under their own address, and a forge writes them under its own.
    accounts = _ACCOUNT.fullmatch(one[1]), _ACCOUNT.fullmatch(other[1])
    return any(
        account and account[1] in {mail.partition("@")[0], name.lower()}
        for account, (name, mail) in zip(accounts, (other, one), strict=True)
    )


_ACCOUNT: Final = re.compile(r"(?:\d+[+-])?([^@]+)@users\.noreply\.[^@]+")


def _forge_entries(lines: Sequence[str]) -> list[int]:
    """GitHub writes `* subject` with blank lines around; an ordinary list has none between."""
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
