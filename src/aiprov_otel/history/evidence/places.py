"""The places where a message may have a mark, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aiprov_otel.history.evidence import footers, trailers
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.found import Found

Place = Callable[[str, int, Table], Found | None]
"""Reads one line, which has that number in the message."""


_PLACES: Final[tuple[Place, ...]] = (
    trailers.read_own_key,
    trailers.read_co_author,
    trailers.read_stated_origin,
    trailers.read_statement,
    footers.read_session,
    footers.read_footer,
    footers.read_box,
    footers.read_sentence,
    footers.read_subject,
)


def read_line(line: str, number: int, table: Table) -> Found | None:
    """What the *line* with that *number* records, at the first place that fits."""
    return next((found for place in _PLACES if (found := place(line, number, table))), None)
