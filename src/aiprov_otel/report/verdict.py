"""Counts by origin, and what two of them allow to be said, in words; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aiprov_otel.format import quantity
from aiprov_otel.report.comparison import HUMAN, NOT_AI, Adjusted, Arms, Comparison
from aiprov_otel.report.statistics.rates import wilson
from aiprov_otel.values import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """
    The units of one origin.

    Attributes:
        origin: of the code.
        functions: how many different ones were called.
        calls: how many spans stand for them.
        errors: how many failures their lines raised.
        error_ratio: errors a call; None without calls, or with more errors than calls.
        low: lower 95% limit of that, which is the wider the less alike the functions fail.
        high: upper 95% limit of that, likewise.
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
class ModelArm(Arm):
    """The units that one *model* wrote with one *agent*; None where that is not known."""

    agent: str | None
    model: str | None


@dataclass(frozen=True, slots=True)
class Rate:
    """Errors a call, with 95% limits; None where there is no such ratio."""

    ratio: float | None
    low: float | None
    high: float | None


def rate(errors: int, calls: int, spread: float = 1) -> Rate:
    """
    The error ratio and its 95% limits; None where there is none.

    Of *spread* calls, one tells something new: more than one where not all were kept, or where
    those of one function fail together.
    """
    limits = wilson(errors / spread, calls / spread)
    return Rate(errors / calls, *limits) if limits else Rate(None, None, None)


def arm(
    origin: str,
    functions: int,
    calls: int,
    errors: int,
    latencies: tuple[float | None, float | None] = (None, None),
    spread: float = 1,
) -> Arm:
    """The arm with these counts, and the median and the 95th percentile of its self time."""
    found = rate(errors, calls, spread)
    return Arm(
        origin=origin,
        functions=functions,
        calls=calls,
        errors=errors,
        error_ratio=found.ratio,
        low=found.low,
        high=found.high,
        self_p50_ms=latencies[0],
        self_p95_ms=latencies[1],
    )


def pooled(origin: str, arms: Iterable[Arm]) -> Arm:
    """*arms* as one, without latencies, which can't be added up."""
    every = list(arms)
    functions = sum(one.functions for one in every)
    calls, errors = sum(one.calls for one in every), sum(one.errors for one in every)
    return arm(origin, functions, calls, errors)


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    How the errors of AI-written code compare with those of the rest.

    Attributes:
        exposed: the arm in question, `ai`.
        baseline: what it is compared with: `human`, or `not ai` where no call is known to be human.
        crude_ratio: error ratio of *exposed* over that of *baseline*; None where there is none.
        adjusted_ratio: the ratio within what both did; None where the data allow none.
        text: what may be said, with the counts.
    """

    exposed: str
    baseline: str
    crude_ratio: float | None
    adjusted_ratio: Adjusted | None
    text: str


def sides(arms: Iterable[Arm]) -> Arms:
    """`HUMAN`, or `NOT_AI` where no call is known to be of human code."""
    return HUMAN if any(arm.origin == Origin.HUMAN and arm.calls for arm in arms) else NOT_AI


def verdict(arms: Iterable[Arm], comparison: Comparison) -> Verdict:
    """
    Say of *arms* what *comparison* allows.

    Where no call is known to be of human code, AI-written code is compared with all that is not
    known to be AI-written: `human` and `unknown`, but not `mixed`, which is partly AI.
    """
    by_origin = {arm.origin: arm for arm in arms}
    against = sides(by_origin.values())
    ai = by_origin.get(Origin.AI, pooled(Origin.AI, ()))
    rest = pooled(
        against.baseline, (arm for arm in by_origin.values() if arm.origin in against.origins)
    )
    crude = _ratio(ai, rest)
    counts = f"AI-written code: {_errors_in_calls(ai)}; {against.name}: {_errors_in_calls(rest)}."
    said = _said(ai, rest, crude, comparison, against)
    return Verdict(Origin.AI, against.baseline, crude, comparison.adjusted, f"{counts} {said}")


def _ratio(ai: Arm, rest: Arm) -> float | None:
    if ai.error_ratio is None or not rest.error_ratio:
        return None
    return ai.error_ratio / rest.error_ratio


def _errors_in_calls(arm: Arm) -> str:
    return f"{quantity(arm.errors, 'error')} in {quantity(arm.calls, 'call')}"


def _said(ai: Arm, rest: Arm, crude: float | None, comparison: Comparison, arms: Arms) -> str:
    if not ai.calls or not rest.calls:
        return "Nothing to compare: one of them was never called."
    if comparison.adjusted:
        return _found(comparison.adjusted, crude, arms)
    if ai.error_ratio is None or rest.error_ratio is None:
        return (
            "Not to be compared: more errors than calls, because lines of functions without spans "
            "of their own raised them. Give these functions spans with @provenance."
        )
    reason = comparison.reason or ""
    if reason.startswith("Too few") or crude is None:
        return reason
    return (
        f"{reason} Ratio {crude:.2g}, crude, not adjusted for route: not a comparison of authors."
    )


def _found(adjusted: Adjusted, crude: float | None, arms: Arms) -> str:
    limits = f"95% limits {adjusted.low:.2g} to {adjusted.high:.2g}"
    beside = f"; crude {crude:.2g}" if crude else ""
    if adjusted.low <= 1 <= adjusted.high:
        return (
            f"On the same routes, {adjusted.value:.2g} times the errors a call of {arms.name} "
            f"({limits}{beside}): no association can be told from chance."
        )
    return (
        f"On the same routes, AI-written code is associated with {adjusted.value:.2g} times the "
        f"errors a call of {arms.name} ({limits}{beside})."
    )
