"""Counts by origin, and the sentence that compares two of them; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiprov_otel.format import quantity
from aiprov_otel.report.comparison import (
    COMPARED,
    HUMAN,
    NOT_AI,
    Adjusted,
    Baseline,
    Comparison,
    VersionCounts,
)
from aiprov_otel.report.statistics.rates import wilson
from aiprov_otel.values import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginStats:
    """
    The units of one origin.

    Attributes:
        origin: of the code.
        functions: how many different ones were called.
        calls: how many spans stand for them.
        errors: how many failures their lines raised.
        error_ratio: errors per call; None without calls, or with more errors than calls.
        low: its lower 95% limit; the less alike the functions fail, the wider the limits.
        high: its upper 95% limit, likewise.
        self_p50_ms: median of the time spent in the unit itself, in milliseconds.
        self_p95_ms: its 95th percentile.
    """

    origin: str
    functions: int
    calls: int
    errors: int
    error_ratio: float | None
    low: float | None
    high: float | None
    self_p50_ms: float | None
    self_p95_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStats(OriginStats):
    """The units that one *model* wrote with one *agent*; None if unknown."""

    agent: str | None
    model: str | None


@dataclass(frozen=True, slots=True)
class Rate:
    """Errors per call, with 95% limits; all None if there is no such ratio."""

    ratio: float | None
    low: float | None
    high: float | None


def rate(errors: int, calls: int, spread: float = 1) -> Rate:
    """
    The error ratio and its 95% limits.

    One of *spread* calls adds information: more than one if not all spans were kept, or if the
    calls of one function fail together.
    """
    limits = wilson(errors / spread, calls / spread)
    return Rate(errors / calls, *limits) if limits else Rate(None, None, None)


def origin_stats(
    origin: str,
    functions: int,
    calls: int,
    errors: int,
    self_p50_ms: float | None = None,
    self_p95_ms: float | None = None,
    spread: float = 1,
) -> OriginStats:
    """The stats with these counts, and their error ratio."""
    errors_per_call = rate(errors, calls, spread)
    return OriginStats(
        origin=origin,
        functions=functions,
        calls=calls,
        errors=errors,
        error_ratio=errors_per_call.ratio,
        low=errors_per_call.low,
        high=errors_per_call.high,
        self_p50_ms=self_p50_ms,
        self_p95_ms=self_p95_ms,
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    How the errors of AI-written code compare with those of the rest.

    Attributes:
        exposed: `ai`.
        baseline: what it is compared with: `human`, or `not ai` if no call is known to be human.
        crude_ratio: error ratio of *exposed* over that of *baseline*; None if there is none.
        adjusted_ratio: the ratio within what both did; None if the data allow none.
        text: the conclusion that the data allow, with the counts.
    """

    exposed: str
    baseline: str
    crude_ratio: float | None
    adjusted_ratio: Adjusted | None
    text: str


def baseline_of(by_origin: Iterable[OriginStats]) -> Baseline:
    """Returns `HUMAN`, or `NOT_AI` if no call is known to be of human-written code."""
    human = any(stats.origin == Origin.HUMAN and stats.calls for stats in by_origin)
    return HUMAN if human else NOT_AI


def compared_stats(rows: Iterable[VersionCounts]) -> list[OriginStats]:
    """The counts of *rows*, which are compared, by origin."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0, 0])
    functions: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        functions[row.origin].add(row.function)
        sums[row.origin] = [sums[row.origin][0] + row.calls, sums[row.origin][1] + row.errors]
    return [
        origin_stats(origin, len(functions[origin]), round(calls), round(errors))
        for origin, (calls, errors) in sums.items()
    ]


def verdict(
    by_origin: Sequence[OriginStats], baseline: Baseline, comparison: Comparison, escaped: int
) -> Verdict:
    """
    The verdict on *by_origin*, which is compared, that *comparison* with *baseline* allows.

    So many errors *escaped* in all.

    If no call is known to be of human-written code, AI-written code is compared with all code not
    known to be AI-written: `human` and `unknown`, but not `mixed`, which is partly AI.
    """
    ai = _pool(Origin.AI, by_origin, {Origin.AI})
    rest = _pool(baseline.key, by_origin, baseline.origins)
    crude = None
    if ai.error_ratio is not None and rest.error_ratio:
        crude = ai.error_ratio / rest.error_ratio
    elsewhere = escaped - sum(stats.errors for stats in by_origin)
    if not ai.calls and not rest.calls:
        text = _nothing(elsewhere)
        return Verdict(Origin.AI, baseline.key, crude, comparison.adjusted, text)
    counts = f"AI-written code: {_counts(ai)}; {baseline.name}: {_counts(rest)}."
    if elsewhere > 0:
        errors = quantity(elsewhere, "more error")
        counts += f" {errors} in handlers and in functions without spans can't be compared."
    text = f"{counts} {_conclusion(ai, rest, crude, comparison, baseline)}"
    return Verdict(Origin.AI, baseline.key, crude, comparison.adjusted, text)


def _nothing(elsewhere: int) -> str:
    text = f"Nothing to compare: no call was counted {COMPARED}."
    if elsewhere <= 0:
        return text
    errors = quantity(elsewhere, "error")
    return (
        f"{text} The tables show who wrote the lines that raised {errors} in handlers and in "
        "functions without spans."
    )


def _pool(key: str, by_origin: Iterable[OriginStats], origins: Iterable[str]) -> OriginStats:
    """The sum over *origins*, without times, which can't be added up."""
    rows = [stats for stats in by_origin if stats.origin in origins]
    functions = sum(stats.functions for stats in rows)
    calls, errors = sum(stats.calls for stats in rows), sum(stats.errors for stats in rows)
    return origin_stats(key, functions, calls, errors)


def _counts(stats: OriginStats) -> str:
    return f"{quantity(stats.errors, 'error')} in {quantity(stats.calls, 'call')}"


def _conclusion(
    ai: OriginStats,
    rest: OriginStats,
    crude: float | None,
    comparison: Comparison,
    baseline: Baseline,
) -> str:
    if not ai.calls or not rest.calls:
        side = "AI-written code" if not ai.calls else baseline.name
        return f"Nothing to compare: no call of {side} was counted {COMPARED}."
    if comparison.adjusted:
        return _association(comparison.adjusted, crude, baseline)
    if ai.error_ratio is None or rest.error_ratio is None:
        return (
            "Can't be compared: more errors than calls, because functions without spans of their "
            "own failed several times in a request. Give them spans with @provenance."
        )
    reason = comparison.reason or ""
    if reason.startswith("Too few") or crude is None:
        return reason
    return (
        f"{reason} The crude ratio is {crude:.2g}, not adjusted for route: it does not compare "
        "authors."
    )


def _association(adjusted: Adjusted, crude: float | None, baseline: Baseline) -> str:
    limits = f"95% limits {adjusted.low:.2g} to {adjusted.high:.2g}"
    if crude:
        limits += f"; crude {crude:.2g}"
    if adjusted.low <= 1 <= adjusted.high:
        return (
            f"On the same routes, AI-written code has {adjusted.value:.2g} times the errors per "
            f"call of {baseline.name} ({limits}), which may be chance."
        )
    return (
        f"On the same routes, AI-written code is associated with {adjusted.value:.2g} times the "
        f"errors per call of {baseline.name} ({limits})."
    )
