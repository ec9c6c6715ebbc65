"""Latency by origin, as if both arms had served the same routes; pure but for the drawings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from aiprov_otel.report.comparison import ENOUGH, Arms
from aiprov_otel.report.sql import HISTOGRAM_STEPS
from aiprov_otel.values import Origin

TimeRow: TypeAlias = tuple[str, str, str, str, str, float, int]
"""A row of `histogram.sql`: service, route, kind, name, origin, step, calls."""

SELF: Final = "self"
INCLUSIVE: Final = "inclusive"
_WANTED: Final = (0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Latency:
    """
    One quantile of the time of a call, in milliseconds, over the routes that both arms serve.

    Attributes:
        time: `self`, a call's own, without the spans below it; or `inclusive`, with them, which
            says nothing of the code itself.
        quantile: 0.5 or 0.95.
        exposed_ms: of AI-written code.
        baseline_ms: of the baseline, as if it had run on the same mix of routes.
        difference_ms: the one less the other.
        low: lower 95% limit of the difference, over functions; None for inclusive time, and with
            fewer than ten functions on a side.
        high: upper 95% limit, likewise.
    """

    time: str
    quantile: float
    exposed_ms: float
    baseline_ms: float
    difference_ms: float
    low: float | None
    high: float | None


def latency(rows: Iterable[TimeRow], arms: Arms, time: str) -> tuple[Latency, ...]:
    """The quantiles of *rows*, whose *time* it is; none where no route has both arms."""
    from aiprov_otel.report.statistics.quantiles import Timing, quantiles, value

    timings = [
        Timing((service, route, kind), origin == Origin.AI, f"{service} {name}", int(step), calls)
        for service, route, kind, name, origin, step, calls in rows
        if origin == Origin.AI or origin in arms.origins
    ]
    sides = [{one.function for one in timings if one.exposed is side} for side in (True, False)]
    limited = time == SELF and min(map(len, sides)) >= ENOUGH
    options = {} if limited else {"resamples": 1}
    found = quantiles(timings, _WANTED, doubling=HISTOGRAM_STEPS, **options)
    result = []
    for wanted, one in zip(_WANTED, found or (), strict=bool(found)):
        exposed = value(one.exposed, HISTOGRAM_STEPS)
        baseline = value(one.baseline, HISTOGRAM_STEPS)
        limits = (one.low, one.high) if limited else (None, None)
        result.append(Latency(time, wanted, exposed, baseline, exposed - baseline, *limits))
    return tuple(result)
