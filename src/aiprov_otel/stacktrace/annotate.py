"""Prints a stack trace with the origin of each application frame behind its first line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from aiprov_otel.format import short_hash
from aiprov_otel.stacktrace.frames import Line
from aiprov_otel.values import Match, Provenance

_AGES: Final = (("year", 365), ("month", 30), ("week", 7), ("day", 1))


def format_trace(lines: Iterable[Line]) -> Iterator[str]:
    """The text of each of *lines*, with who wrote it behind the first line of each frame."""
    shown = None
    for line in lines:
        first = line.frame is not None and line.frame is not shown
        provenance = line.frame.provenance if line.frame and first else None
        yield f"{line.text}  <- {describe(provenance)}" if provenance else line.text
        shown = line.frame


def describe(provenance: Provenance) -> str:
    """`ai (claude-code, claude-opus-4-6), 9fd81c2bd, 3 months old`, without control characters."""
    stale = "changed since the build" if provenance.match is Match.STALE else None
    named = ", ".join(name for name in (provenance.agent, provenance.model, stale) if name)
    origin = f"{provenance.origin} ({named})" if named else provenance.origin.value
    old = age(provenance.time)
    parts = (origin, provenance.commit and short_hash(provenance.commit), old and f"{old} old")
    return "".join(filter(str.isprintable, ", ".join(filter(None, parts))))


def age(time: str | None) -> str | None:
    """How long ago *time* (RFC 3339) was, in words; None where it is not known."""
    if time is None:
        return None
    days = (datetime.now(UTC) - datetime.fromisoformat(time)).days
    fitting = ((unit, days // length) for unit, length in _AGES if days >= length)
    return next((f"{n} {unit}{'s' * (n > 1)}" for unit, n in fitting), "less than a day")
