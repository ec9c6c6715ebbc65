"""How counts, shares, commits, ages and tables are written for a person to read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

_HASH_LENGTH: Final = 9
# Control characters, those that change the direction of text or show nothing, halves of a
# character (an undecodable file name has them), and separators of lines: spaces may stay.
_UNSAFE: Final = {"Cc", "Cf", "Cs", "Zl", "Zp"}

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


_AGES: Final = (("year", 365), ("month", 30), ("week", 7), ("day", 1))


def age(time: str | None) -> str | None:
    """How long ago *time* (RFC 3339) was, in words; None where it is not known."""
    if time is None:
        return None
    days = (datetime.now(UTC) - datetime.fromisoformat(time)).days
    fitting = ((unit, days // length) for unit, length in _AGES if days >= length)
    return next((f"{n} {unit}{'s' * (n > 1)}" for unit, n in fitting), "less than a day")


_ADDRESS: Final = re.compile(
    r"(://)(?:[^\s'\"]*@)?([^\s'\"?]*)(?:\?[^\s'\"]*)?"
    r"|\b[^\s:/'\"]+:(?!//)[^\s'\"]+@"  # a password without a scheme before it
)


def hide_credentials(text: str) -> str:
    """*text* without the user, the password and the query of each address in it."""
    return _ADDRESS.sub(lambda match: f"{match[1] or ''}{match[2] or ''}", text)


def escape(text: str) -> str:
    r"""*text* with what could steer a terminal or end a line as `\x1b` and `\n`; tabs stay."""
    if text.isprintable():
        return text
    return "".join(
        repr(c)[1:-1] if unicodedata.category(c) in _UNSAFE and c != "\t" else c for c in text
    )


def table(rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> list[str]:
    """*rows* with their columns aligned: those in *numbers* to the right."""
    rows = [[escape(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place in numbers else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def markdown_table(rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> list[str]:
    """*rows* as a table of Markdown, the first as its heading."""
    head, *rest = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    rule = ["---:" if place in numbers else "---" for place in range(len(head))]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *rest)]
