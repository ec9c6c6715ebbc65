"""Decides the provenance of a unit over the lines that carry its bytecode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from types import CodeType

from aiprov_otel.values import Origin, Provenance

DECIDED = 0.8
"""The share of the known lines from which a unit is `ai` or `human`; else it is `mixed`."""


def unit_lines(code: CodeType, decorators: Collection[int] = ()) -> set[int]:
    """
    The lines of *code* that carry bytecode, without its *decorators*.

    The first instruction of a decorated function is on the line of its first decorator, so the
    caller, who has the source, passes those lines.
    """
    lines = {line for _, _, line in code.co_lines() if line}
    # A lambda in an argument of a decorator has only that line.
    without = lines - {code.co_firstlineno} if code.co_firstlineno in decorators else lines
    return without or lines


def decide(lines: Iterable[Provenance]) -> Provenance:
    """
    Returns the provenance of a unit, given that of each of its lines.

    `unknown` if more than half of the lines are unknown. Else `ai` or `human` from 80% of the known
    lines on, and `mixed` between; a line that is itself mixed counts half as AI. Agent and model
    are those with most of the winning lines, commit and evidence those of the newest of them; for
    `mixed`, of its AI lines.
    """
    lines = list(lines)
    known = [line for line in lines if line.origin is not Origin.UNKNOWN]
    if not lines or 2 * len(known) < len(lines):
        return Provenance(path=lines[0].path, match=lines[0].match) if lines else Provenance()
    ratio = sum(_AI_SHARE[line.origin] for line in known) / len(known)
    origin = _origin(ratio)
    return replace(_winner(known, origin), origin=origin, ai_ratio=round(ratio, 4))


_AI_SHARE = {Origin.AI: 1.0, Origin.MIXED: 0.5, Origin.HUMAN: 0.0}


def _origin(ratio: float) -> Origin:
    if ratio >= DECIDED:
        return Origin.AI
    return Origin.HUMAN if 1 - ratio >= DECIDED else Origin.MIXED


def _winner(known: list[Provenance], origin: Origin) -> Provenance:
    """The newest line of the winning origin, with the agent and the model of most of them."""
    wanted = Origin.HUMAN if origin is Origin.HUMAN else Origin.AI
    lines = [line for line in known if line.origin is wanted]
    # A mixed unit may have no AI line, only lines that are themselves mixed.
    lines = lines or [line for line in known if line.origin is Origin.MIXED]
    newest = max(lines, key=lambda line: (line.time or "", line.commit or ""))
    counts = Counter((line.agent, line.model, line.provider) for line in lines)
    (agent, model, provider), _ = max(counts.items(), key=lambda item: (item[1], _order(item[0])))
    return replace(newest, agent=agent, model=model, provider=provider)


def _order(names: tuple[str | None, ...]) -> tuple[str, ...]:
    """Breaks ties by name, so that the same lines always give the same answer."""
    return tuple(name or "" for name in names)
