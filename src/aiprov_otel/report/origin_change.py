"""Functions whose lines changed hands while telemetry was taken, and what came of it; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiprov_otel.report.comparison import ENOUGH, Arms, Counted
from aiprov_otel.report.statistics.rates import Estimate
from aiprov_otel.report.trends import PARTS, Timed
from aiprov_otel.values import Origin

if TYPE_CHECKING:
    from aiprov_otel.report.statistics.before_after import Change, Steady


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """
    Functions before and after their lines became AI-written, against those that did not change.

    Attributes:
        ratio: of the error rates, after over before, beyond that of the others; None where there
            is none, or too few functions.
        changed: the functions that changed hands and had an error, before or after.
        steady: the functions of one commit throughout that had an error.
        text: what may be said.
    """

    ratio: Estimate | None
    changed: int
    steady: int
    text: str


def before_after(versions: Iterable[Counted], timed: Sequence[Timed], arms: Arms) -> BeforeAfter:
    """What the functions that changed hands tell, by their *versions* and counts over time."""
    turns = _turns(timed, arms)
    if not turns:
        text = f"No function changed from {arms.short} to AI-written within this telemetry."
        return BeforeAfter(None, 0, 0, text)
    from aiprov_otel.report.statistics import before_after as method

    changes = list(_changes(timed, turns, arms))
    steady = list(_steady(timed, turns, _unchanged(versions)))
    counted = (_failing(changes), _failing(steady))
    if min(counted) < ENOUGH:
        return BeforeAfter(None, *counted, _few(*counted, arms))
    ratio = method.before_after(changes, steady)
    return BeforeAfter(ratio, *counted, _said(ratio, *counted, arms))


def _turns(timed: Iterable[Timed], arms: Arms) -> dict[tuple[str, str], int]:
    """By service and name, in which part each function that changed hands began to be AI's."""
    first: dict[tuple[str, str], int] = {}
    known: dict[tuple[str, str], int] = {}
    for row in timed:
        found = first if row.origin == Origin.AI else known if row.origin in arms.origins else None
        if found is not None and row.calls:
            key = row.service, row.name
            found[key] = min(row.part, found.get(key, row.part))
    return {key: part for key, part in first.items() if known.get(key, PARTS + 1) <= part}


def _changes(
    timed: Iterable[Timed], turns: Mapping[tuple[str, str], int], arms: Arms
) -> Iterable[Change]:
    from aiprov_otel.report.statistics.before_after import Change

    sums: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in timed:
        turn = turns.get((row.service, row.name))
        if turn is None:
            continue
        found = sums[row.service, row.name, row.route, row.kind]
        if row.origin == Origin.AI:
            found[2:] = found[2] + row.calls, found[3] + row.errors
        elif row.origin in arms.origins and row.part <= turn:
            found[:2] = found[0] + row.calls, found[1] + row.errors
    for (service, name, *_), counts in sums.items():
        if counts[0] and counts[2]:
            yield Change(f"{service} {name}", (service, turns[service, name]), *counts)


def _unchanged(versions: Iterable[Counted]) -> set[tuple[str, str]]:
    commits: dict[tuple[str, str], set[tuple[str, str | None]]] = defaultdict(set)
    for row in versions:
        commits[row.service, row.name].add((row.origin, row.commit))
    return {key for key, found in commits.items() if len(found) == 1}


def _steady(
    timed: Iterable[Timed], turns: Mapping[tuple[str, str], int], unchanged: set[tuple[str, str]]
) -> Iterable[Steady]:
    """What each unchanged function did before and after the turns of its service, without them."""
    from aiprov_otel.report.statistics.before_after import Steady

    parts: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(
        lambda: [(0.0, 0.0)] * (PARTS + 1)
    )
    for row in timed:
        if (key := (row.service, row.name)) in unchanged:
            calls, errors = parts[key][row.part]
            parts[key][row.part] = calls + row.calls, errors + row.errors
    for (service, name), counts in parts.items():
        for turn in {part for (where, _), part in turns.items() if where == service}:
            before, after = counts[:turn], counts[turn + 1 :]
            yield Steady(
                f"{service} {name}",
                (service, turn),
                *(sum(column) for column in zip((0, 0), *before, strict=True)),
                *(sum(column) for column in zip((0, 0), *after, strict=True)),
            )


def _failing(rows: Iterable[Change] | Iterable[Steady]) -> int:
    return len({row.function for row in rows if row.before_errors or row.after_errors})


def _few(changed: int, steady: int, arms: Arms) -> str:
    return (
        f"Before and after: too few to tell. {changed} functions with errors changed from "
        f"{arms.short} to AI-written and {steady} did not change; it takes {ENOUGH} of each."
    )


def _said(ratio: Estimate | None, changed: int, steady: int, arms: Arms) -> str:
    if ratio is None:
        return "Before and after: too few to tell. The errors are of too few functions."
    limits = f"95% limits {ratio.low:.2g} to {ratio.high:.2g}"
    chance = ": no association can be told from chance" if ratio.low <= 1 <= ratio.high else ""
    return (
        f"Before and after: {changed} functions that changed from {arms.short} to AI-written are "
        f"associated with {ratio.value:.2g} times the errors a call that they had before, beyond "
        f"the change of {steady} functions that stayed as they were ({limits}){chance}."
    )
