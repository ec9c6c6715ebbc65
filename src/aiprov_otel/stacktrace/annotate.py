"""Prints a stack trace with the origin of each application frame behind its first line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiprov_otel.format import age, short_hash
from aiprov_otel.stacktrace.frames import Line
from aiprov_otel.values import Match, Provenance


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
