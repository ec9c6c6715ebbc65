"""What the counts of two arms allow to be said, in words; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from aiprov_otel.local.arm import Arm, counted, pooled
from aiprov_otel.values import Origin

ENOUGH: Final = 10
"""Errors that each arm must have before their ratio says anything at all."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    How the errors of AI-written code compare with those of the rest.

    Attributes:
        exposed: the arm in question, `ai`.
        baseline: what it is compared with: `human`, or `not ai` where no call is known to be human.
        crude_ratio: error ratio of *exposed* over that of *baseline*; None where there is none.
        adjusted_ratio: the same, adjusted for the route; None until it can be computed.
        text: what may be said, with the counts.
    """

    exposed: str
    baseline: str
    crude_ratio: float | None
    adjusted_ratio: None
    text: str


def verdict(arms: Iterable[Arm]) -> Verdict:
    """
    Compare the arm `ai` with the arm `human`.

    Where no call is known to be of human code, it is compared with all that is not known to be
    AI-written: `human` and `unknown`, but not `mixed`, which is partly AI.
    """
    by_origin = {arm.origin: arm for arm in arms}
    ai = by_origin.get(Origin.AI, pooled(Origin.AI, ()))
    human = by_origin.get(Origin.HUMAN, pooled(Origin.HUMAN, ()))
    rest, baseline, name = human, "human", "human-written"
    if not human.calls:
        others = [arm for arm in (human, by_origin.get(Origin.UNKNOWN)) if arm]
        rest, baseline, name = pooled("not ai", others), "not ai", "all that is not known to be AI"
    ratio = _ratio(ai, rest)
    counts = f"AI-written code: {_counted(ai)}; {name}: {_counted(rest)}."
    return Verdict(Origin.AI, baseline, ratio, None, f"{counts} {_said(ai, rest, ratio)}")


def _ratio(ai: Arm, rest: Arm) -> float | None:
    if ai.error_ratio is None or not rest.error_ratio:
        return None
    return ai.error_ratio / rest.error_ratio


def _counted(arm: Arm) -> str:
    return f"{counted(arm.errors, 'error')} in {counted(arm.calls, 'call')}"


def _said(ai: Arm, rest: Arm, ratio: float | None) -> str:
    if not ai.calls or not rest.calls:
        return "Nothing to compare: one of them was never called."
    if ai.error_ratio is None or rest.error_ratio is None:
        return (
            "Not to be compared: more errors than calls, because lines of functions without spans "
            "of their own raised them. Give these functions spans with @provenance."
        )
    if min(ai.errors, rest.errors) < ENOUGH:
        return f"Too few to tell: each needs at least {ENOUGH} errors."
    return f"Ratio {ratio:.2g}, crude, not adjusted for route: not a comparison of authors."
