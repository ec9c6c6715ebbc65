"""Error ratio and self time over time, and by route; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import exp, sqrt
from typing import Final, TypeAlias

from aiprov_otel.report.comparison import Arms
from aiprov_otel.report.statistics.rates import Z, mantel_haenszel
from aiprov_otel.report.statistics.strata import Cell, Stratum, Tally, tallies
from aiprov_otel.values import Origin

PARTS: Final = 24
"""Of the time that the telemetry spans."""

_MOST: Final = 100  # routes


@dataclass(frozen=True, slots=True)
class Timed:
    """What one function of one origin did on one route in one part: a row of `OVER_TIME`."""

    part: int
    service: str
    route: str
    kind: str
    name: str
    origin: str
    calls: float
    errors: float

    @property
    def stratum(self) -> Stratum:
        """Where it ran."""
        return self.service, self.route, self.kind


@dataclass(frozen=True, slots=True)
class Moment:
    """
    One part of the time.

    Attributes:
        begin: of it, RFC 3339.
        ratio: the Mantel-Haenszel ratio within it; None where an arm or its errors are missing.
    """

    begin: str
    ratio: float | None
    exposed_calls: float
    exposed_errors: float
    baseline_calls: float
    baseline_errors: float


@dataclass(frozen=True, slots=True)
class RouteRatio:
    """
    One route that both arms serve.

    Attributes:
        ratio: of the error rates; None without errors of the baseline.
        low: lower 95% limit, roughly: as of independent errors, widened by the dispersion of all.
        high: upper 95% limit, likewise; None for both where an arm has no error.
    """

    service: str
    route: str
    kind: str
    exposed_calls: float
    exposed_errors: float
    baseline_calls: float
    baseline_errors: float
    ratio: float | None
    low: float | None
    high: float | None


def moments(rows: Iterable[Timed], arms: Arms, begin: int, width: int) -> tuple[Moment, ...]:
    """The ratio in each part of *width* nanoseconds since *begin*, also of those without calls."""
    parts: dict[int, list[Cell]] = defaultdict(list)
    for row in rows:
        if row.origin == Origin.AI or row.origin in arms.origins:
            exposed = row.origin == Origin.AI
            parts[row.part].append(Cell(row.stratum, exposed, row.name, row.calls, row.errors))
    last = max(parts, default=-1)
    return tuple(_moment(parts[part], begin + part * width) for part in range(last + 1))


def _moment(cells: Sequence[Cell], begin: int) -> Moment:
    counts = tallies(cells)
    every = tallies(Cell((), one.exposed, "", one.calls, one.errors) for one in cells)
    total = every.get((), Tally())
    return Moment(
        rfc3339(begin),
        mantel_haenszel(counts.values()),
        total.exposed_calls,
        total.exposed_errors,
        total.baseline_calls,
        total.baseline_errors,
    )


def rfc3339(ns: int) -> str:
    """The second in which *ns*, Unix nanoseconds, lies."""
    return datetime.fromtimestamp(ns // 10**9, UTC).isoformat()


def by_route(cells: Iterable[Cell], dispersion: float) -> tuple[RouteRatio, ...]:
    """The routes that both arms serve, those with most errors first."""
    found = [
        _route(stratum, tally, dispersion)
        for stratum, tally in tallies(cells).items()
        if tally.informative
    ]
    found.sort(key=lambda one: (-one.exposed_errors - one.baseline_errors, one.route, one.kind))
    return tuple(found[:_MOST])


def _route(stratum: Stratum, tally: Tally, dispersion: float) -> RouteRatio:
    service, route, kind = stratum
    ratio = mantel_haenszel([tally])
    low = high = None
    if ratio:
        spread = 1 / tally.exposed_errors + 1 / tally.baseline_errors
        half = Z * sqrt(max(dispersion, 1) * spread)
        low, high = ratio * exp(-half), ratio * exp(half)
    return RouteRatio(
        service,
        route,
        kind,
        tally.exposed_calls,
        tally.exposed_errors,
        tally.baseline_calls,
        tally.baseline_errors,
        ratio,
        low,
        high,
    )


PaceRow: TypeAlias = tuple[float, str, int, float, float]
"""A row of `self_time.sql`: part, origin, calls, median, 95th percentile."""


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
