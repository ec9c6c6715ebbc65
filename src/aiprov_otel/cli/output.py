"""Prints lines, tables and JSON on standard output, notes and progress on standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any, Final, TextIO

from aiprov_otel.format import escape

_SHOWN_EVERY: Final = 0.1  # seconds


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
