"""How numbers, commits, places and untrusted text read in every form of the report; pure."""

from __future__ import annotations

import re
from typing import Final

from aiprov_otel.format import percent

# Control characters, lone surrogates, and characters that change the direction of the text.
_UNPRINTABLE: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def milliseconds(ms: float | None) -> str:
    """*ms* with three digits; empty for None."""
    return "" if ms is None else f"{ms:,.0f}" if abs(ms) >= 100 else f"{ms:.3g}"


def share(value: float | None) -> str:
    """*value* in percent; empty for None, which only a cell of a table may be."""
    return "" if value is None else percent(value)


def ratio(value: float | None) -> str:
    """*value* with two digits; empty for None."""
    return "" if value is None else f"{value:.2g}"


def location(path: str | None, line: int | None) -> str:
    """`path:line`, as far as they are known."""
    return f"{path or '?'}:{line}" if line else path or ""


def replace_unprintable(text: str) -> str:
    """Returns *text* with a replacement character for each that could hide or steer something."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
