"""Self time over time; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from aiprov_otel.report.trends import rfc3339

PaceRow: TypeAlias = tuple[float, str, int, float, float]
"""A row of `compared.SELF_TIME`: part, origin, calls, median, 95th percentile."""


@dataclass(frozen=True, slots=True)
class Pace:
    """
    The self time of the calls of one origin in one part of the time, without handlers.

    Attributes:
        begin: of the part, RFC 3339.
        origin: of the code.
        calls: that began in it.
        self_p50_ms: median of their self time, in milliseconds.
        self_p95_ms: its 95th percentile.
    """

    begin: str
    origin: str
    calls: int
    self_p50_ms: float
    self_p95_ms: float


def paces(rows: Iterable[PaceRow], begin: int, width: int) -> tuple[Pace, ...]:
    """What *rows* say of the parts of *width* nanoseconds since *begin* in which calls began."""
    return tuple(
        Pace(rfc3339(begin + int(part) * width), origin, calls, p50, p95)
        for part, origin, calls, p50, p95 in rows
    )
