"""Prints lines, tables and JSON on standard output, notes and progress on standard error."""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, Final, TextIO

_SHOWN_EVERY: Final = 0.1  # seconds
# Control characters, those that change the direction of text or show nothing, halves of a
# character (an undecodable file name has them), and separators of lines: spaces may stay.
_UNSAFE: Final = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def say(text: str = "") -> None:
    """Print *text* as one line; no character of it steers the terminal, or fails its encoding."""
    _print(text, sys.stdout)


def note(text: str) -> None:
    """Print `aiprov: ` and *text* as one line of the standard error, at once."""
    _print(f"aiprov: {text}", sys.stderr)
    sys.stderr.flush()


def say_json(value: Any, *, indent: int | None = None) -> None:
    """Print *value* as JSON in ASCII, on one line unless *indent* is given; dates become text."""
    print(json.dumps(value, ensure_ascii=True, indent=indent, default=str))


def _print(text: str, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"
    print(escape(text).encode(encoding, "backslashreplace").decode(encoding), file=stream)


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


def progress(verb: str) -> Callable[[int, int], None] | None:
    """Shows how much is done, how fast, and how long the rest takes; None unless on a terminal."""
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
    """How fast *done* of *total* took *seconds*: `120/600 files, 40/s, 12 s left`."""
    rate = done / seconds
    left = round((total - done) / rate)
    minutes = f"{left // 60} min {left % 60} s" if left >= 60 else f"{left} s"
    return f"{done}/{total} files, {rate:.{0 if rate >= 10 else 1}f}/s, {minutes} left"
