"""Latency by origin, as if both sides had served the same routes; pure but for the resampling."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from aiprov_otel.report.comparison import MIN_FAILING, Baseline
from aiprov_otel.report.sql import HISTOGRAM_STEPS
from aiprov_otel.values import Origin

TimeRow: TypeAlias = tuple[str, str, str, str, str, float, float]
"""A row of `histogram.sql`: service, route, kind, name, origin, step, calls."""

SELF: Final = "self"
INCLUSIVE: Final = "inclusive"
_QUANTILES: Final = (0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Latency:
    """
    One quantile of the time per call, in milliseconds, over the routes that both sides serve.

    Attributes:
        time: `self`, a call's own time without the spans below it; or `inclusive`, with them, which
            is not about the code itself.
        quantile: 0.5 or 0.95.
        exposed_ms: of AI-written code.
        baseline_ms: of the baseline, as if it had run on the same mix of routes.
        difference_ms: exposed less baseline.
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


def compare_latency(rows: Iterable[TimeRow], baseline: Baseline, time: str) -> tuple[Latency, ...]:
    """Compares the quantiles of *rows*, which are of *time*; empty if no route has both sides."""
    from aiprov_otel.report.statistics.quantiles import RESAMPLES, StepCount, quantiles, step_value

    counts = [
        StepCount((service, route, kind), origin == Origin.AI, f"{service} {name}", int(step), n)
        for service, route, kind, name, origin, step, n in rows
        if origin == Origin.AI or origin in baseline.origins
    ]
    sides = [{row.function for row in counts if row.exposed is side} for side in (True, False)]
    limited = time == SELF and min(map(len, sides)) >= MIN_FAILING
    resamples = RESAMPLES if limited else 0
    results = quantiles(counts, _QUANTILES, doubling=HISTOGRAM_STEPS, resamples=resamples)
    latencies = []
    for quantile, result in zip(_QUANTILES, results or (), strict=bool(results)):
        exposed = step_value(result.exposed, HISTOGRAM_STEPS)
        rest = step_value(result.baseline, HISTOGRAM_STEPS)
        difference = exposed - rest
        latencies.append(
            Latency(time, quantile, exposed, rest, difference, result.low, result.high)
        )
    return tuple(latencies)
