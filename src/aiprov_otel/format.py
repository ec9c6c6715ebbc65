"""How counts, shares, commits and ages are written for a person to read."""

from __future__ import annotations

from typing import Final

_HASH_LENGTH: Final = 9

AGE_BANDS: Final = {
    "up to 1 month": 30,
    "1 to 3 months": 91,
    "3 to 12 months": 365,
    "1 to 2 years": 730,
}
"""Bands of the age of code, youngest first, each with its last day; older code is `OLDEST`."""

OLDEST: Final = "over 2 years"


def quantity(number: int, noun: str) -> str:
    """`1 file`, `2,000 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(share: float) -> str:
    """*share*, from 0 to 1, with three digits: `38.7%`, `2.00%`."""
    return f"{share:.1%}" if share >= 0.1 else f"{share:.2%}"


def short_hash(commit: str) -> str:
    """The first characters of the hash of a commit, enough for `git show`."""
    return commit[:_HASH_LENGTH]
