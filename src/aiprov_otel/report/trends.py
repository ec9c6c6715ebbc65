"""Error ratio and self time over time, and the ratio by route; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from math import sqrt
from typing import Final, TypeAlias

from aiprov_otel.report.comparison import Baseline
from aiprov_otel.report.statistics.rates import Z, limits_around, mantel_haenszel
from aiprov_otel.report.statistics.strata import Cell, Stratum, Tally, tallies
from aiprov_otel.values import Origin

PARTS: Final = 24
"""How many parts the time of the telemetry is divided into."""

_MOST: Final = 100  # routes


@dataclass(frozen=True, slots=True)
class PartCounts:
    """Calls and errors of one function on one route in one part: a row of `over_time.sql`."""

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
class RatioPoint:
    """
    The ratio in one part of the time.

    Attributes:
        begin: of the part, RFC 3339.
        ratio: by Mantel-Haenszel within the part; None without calls or errors of a side.
    """

    begin: str
    ratio: float | None
    exposed_calls: float
    exposed_errors: float
    baseline_calls: float
    baseline_errors: float


def ratio_over_time(
    rows: Iterable[PartCounts], baseline: Baseline, begin: int, width: int
) -> tuple[RatioPoint, ...]:
    """The ratio in each part of *width* nanoseconds since *begin*, also of parts without calls."""
    parts: dict[int, list[Cell]] = defaultdict(list)
    for row in rows:
        if row.origin == Origin.AI or row.origin in baseline.origins:
            exposed = row.origin == Origin.AI
            parts[row.part].append(Cell(row.stratum, exposed, row.name, row.calls, row.errors))
    last = max(parts, default=-1)
    return tuple(_ratio_point(parts[part], begin + part * width) for part in range(last + 1))


def _ratio_point(cells: Sequence[Cell], begin: int) -> RatioPoint:
    total = Tally()
    for cell in cells:
        total = total.plus(cell)
    return RatioPoint(rfc3339(begin), mantel_haenszel(tallies(cells).values()), *astuple(total))


def rfc3339(ns: int) -> str:
    """The second that contains *ns*, Unix nanoseconds."""
    return datetime.fromtimestamp(ns // 10**9, UTC).isoformat()


@dataclass(frozen=True, slots=True)
class RouteRatio:
    """
    The ratio on one route that both sides serve.

    Attributes:
        ratio: of the error rates; None without errors of the baseline.
        low: rough lower 95% limit: as if errors were independent, widened by their dispersion.
        high: upper 95% limit, likewise; both are None if a side has no error.
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


def ratio_by_route(cells: Iterable[Cell], dispersion: float) -> tuple[RouteRatio, ...]:
    """The routes that both sides serve, those with most errors first."""
    routes = [
        _route_ratio(stratum, tally, dispersion)
        for stratum, tally in tallies(cells).items()
        if tally.informative
    ]
    routes.sort(key=lambda row: (-row.exposed_errors - row.baseline_errors, row.route, row.kind))
    return tuple(routes[:_MOST])


def _route_ratio(stratum: Stratum, tally: Tally, dispersion: float) -> RouteRatio:
    ratio = mantel_haenszel([tally])
    low = high = None
    if ratio:
        spread = 1 / tally.exposed_errors + 1 / tally.baseline_errors
        half = Z * sqrt(max(dispersion, 1) * spread)
        low, high = limits_around(ratio, half)
    service, route, kind = stratum
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


SelfTimeRow: TypeAlias = tuple[float, str, int, float, float]
"""A row of `self_time.sql`: part, origin, calls, median, 95th percentile."""


@dataclass(frozen=True, slots=True)
class SelfTimePoint:
    """
    The self time of the calls of one origin in one part of the time, without handlers.

    Attributes:
        begin: of the part, RFC 3339.
        origin: of the code.
        calls: how many began in it.
        self_p50_ms: median of their self time, in milliseconds.
        self_p95_ms: its 95th percentile.
    """

    begin: str
    origin: str
    calls: int
    self_p50_ms: float
    self_p95_ms: float


def self_time_over_time(
    rows: Iterable[SelfTimeRow], begin: int, width: int
) -> tuple[SelfTimePoint, ...]:
    """The self time in each part of *width* nanoseconds since *begin* in which calls began."""
    return tuple(
        SelfTimePoint(rfc3339(begin + int(part) * width), origin, calls, p50, p95)
        for part, origin, calls, p50, p95 in rows
    )
