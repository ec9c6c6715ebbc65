"""Plain aligned text: what the verbs print that need no extra."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

_SHOWN_EVERY: Final = 0.1  # seconds


def say(text: str = "") -> None:
    """Print *text*; what the terminal's encoding lacks is escaped instead of failing."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def say_json(value: Any) -> None:
    """Print *value* as one line of JSON."""
    print(json.dumps(value, ensure_ascii=True))


def table(rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> list[str]:
    """*rows* with their columns aligned: those in *numbers* to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place in numbers else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def percent(part: int, whole: int) -> str:
    """*part* of *whole* as `12.3 %`."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def visible(text: str) -> str:
    """*text* without what could steer a terminal."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def progress(verb: str) -> Callable[[int, int], None] | None:
    """Shows how far it is, how fast, and how long it will take; None unless on a terminal."""
    return _Progress(verb) if sys.stderr.isatty() else None


class _Progress:
    def __init__(self, verb: str) -> None:
        self._verb = verb
        self._began = self._shown = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done == total:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        elif now - self._shown >= _SHOWN_EVERY:
            self._shown = now
            text = f"{self._verb} {pace(done, total, now - self._began)}"
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def pace(done: int, total: int, seconds: float) -> str:
    """What so many *seconds* of work promise: `120/600 files, 40/s, 12 s left`."""
    rate = done / seconds
    left = round((total - done) / rate)
    minutes = f"{left // 60} min {left % 60} s" if left >= 60 else f"{left} s"
    return f"{done}/{total} files, {rate:.{0 if rate >= 10 else 1}f}/s, {minutes} left"
