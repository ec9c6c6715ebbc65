"""What the counts of two arms allow to be said, in words; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aiprov_otel.local.arm import Arm, counted, pooled
from aiprov_otel.report.comparison import HUMAN, NOT_AI, Adjusted, Arms, Comparison
from aiprov_otel.values import Origin


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
    counts = f"AI-written code: {_counted(ai)}; {against.name}: {_counted(rest)}."
    said = _said(ai, rest, crude, comparison, against)
    return Verdict(Origin.AI, against.baseline, crude, comparison.adjusted, f"{counts} {said}")


def _ratio(ai: Arm, rest: Arm) -> float | None:
    if ai.error_ratio is None or not rest.error_ratio:
        return None
    return ai.error_ratio / rest.error_ratio


def _counted(arm: Arm) -> str:
    return f"{counted(arm.errors, 'error')} in {counted(arm.calls, 'call')}"


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
    limits = f"95 % limits {adjusted.low:.2g} to {adjusted.high:.2g}"
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
