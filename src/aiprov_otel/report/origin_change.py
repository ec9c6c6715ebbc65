"""Functions whose origin changed during the telemetry, before and after; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from aiprov_otel.report.comparison import MIN_FAILING, Baseline, VersionCounts
from aiprov_otel.report.statistics.rates import Estimate
from aiprov_otel.report.trends import PARTS, PartCounts
from aiprov_otel.values import Origin

if TYPE_CHECKING:
    from aiprov_otel.report.statistics.before_after import BeforeAfterCounts

_Key: TypeAlias = tuple[str, str]
"""The service and name of a function."""


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """
    Functions before and after they became AI-written, against those that did not change.

    Attributes:
        ratio: of the error rates, after over before, beyond that of the others; None if there is
            none, or too few functions.
        changed: how many functions became AI-written and had an error, before or after.
        steady: how many functions of a single commit throughout had an error.
        text: the conclusion that the data allow.
    """

    ratio: Estimate | None
    changed: int
    steady: int
    text: str


def compare_before_after(
    versions: Iterable[VersionCounts], counts: Sequence[PartCounts], baseline: Baseline
) -> BeforeAfter:
    """Compares the functions that became AI-written, by their *versions* and *counts* over time."""
    turns = _turns(counts, baseline)
    if not turns:
        text = f"No function changed from {baseline.adjective} to AI-written in this telemetry."
        return BeforeAfter(None, 0, 0, text)
    from aiprov_otel.report.statistics.before_after import before_after_ratio

    changed = list(_changed(counts, turns, baseline))
    steady = list(_steady(counts, turns, _unchanged(versions)))
    failing = (_count_failing(changed), _count_failing(steady))
    if min(failing) < MIN_FAILING:
        text = (
            f"Before and after: too few to tell. {failing[0]} functions with errors changed from "
            f"{baseline.adjective} to AI-written and {failing[1]} did not change; "
            f"{MIN_FAILING} of each are needed."
        )
        return BeforeAfter(None, *failing, text)
    ratio = before_after_ratio(changed, steady)
    return BeforeAfter(ratio, *failing, _text(ratio, *failing, baseline))


def _turns(counts: Iterable[PartCounts], baseline: Baseline) -> dict[_Key, int]:
    """The part in which each function that changed became AI-written."""
    first_ai: dict[_Key, int] = {}
    first_baseline: dict[_Key, int] = {}
    for row in counts:
        if not row.calls:
            continue
        key = row.service, row.name
        if row.origin == Origin.AI:
            first_ai[key] = min(row.part, first_ai.get(key, row.part))
        elif row.origin in baseline.origins:
            first_baseline[key] = min(row.part, first_baseline.get(key, row.part))
    return {key: part for key, part in first_ai.items() if first_baseline.get(key, PARTS) <= part}


def _changed(
    counts: Iterable[PartCounts], turns: Mapping[_Key, int], baseline: Baseline
) -> Iterator[BeforeAfterCounts]:
    from aiprov_otel.report.statistics.before_after import BeforeAfterCounts

    sums: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in counts:
        turn = turns.get((row.service, row.name))
        if turn is None:
            continue
        total = sums[row.service, row.name, row.route, row.kind]
        if row.origin == Origin.AI:
            total[2:] = total[2] + row.calls, total[3] + row.errors
        elif row.origin in baseline.origins and row.part <= turn:
            total[:2] = total[0] + row.calls, total[1] + row.errors
    for (service, name, *_), total in sums.items():
        if total[0] and total[2]:
            yield BeforeAfterCounts(f"{service} {name}", (service, turns[service, name]), *total)


def _unchanged(versions: Iterable[VersionCounts]) -> set[_Key]:
    commits: dict[_Key, set[tuple[str, str | None]]] = defaultdict(set)
    for row in versions:
        commits[row.service, row.name].add((row.origin, row.commit))
    return {key for key, pairs in commits.items() if len(pairs) == 1}


def _steady(
    counts: Iterable[PartCounts], turns: Mapping[_Key, int], unchanged: set[_Key]
) -> Iterator[BeforeAfterCounts]:
    """The counts of each unchanged function before and after each turn, without the turn's part."""
    from aiprov_otel.report.statistics.before_after import BeforeAfterCounts

    parts: dict[_Key, list[tuple[float, float]]] = defaultdict(lambda: [(0.0, 0.0)] * (PARTS + 1))
    for row in counts:
        if (key := (row.service, row.name)) in unchanged:
            calls, errors = parts[key][row.part]
            parts[key][row.part] = calls + row.calls, errors + row.errors
    for (service, name), by_part in parts.items():
        for turn in {part for (where, _), part in turns.items() if where == service}:
            before, after = by_part[:turn], by_part[turn + 1 :]
            yield BeforeAfterCounts(
                f"{service} {name}",
                (service, turn),
                *(sum(column) for column in zip((0, 0), *before, strict=True)),
                *(sum(column) for column in zip((0, 0), *after, strict=True)),
            )


def _count_failing(rows: Iterable[BeforeAfterCounts]) -> int:
    return len({row.function for row in rows if row.before_errors or row.after_errors})


def _text(ratio: Estimate | None, changed: int, steady: int, baseline: Baseline) -> str:
    if ratio is None:
        return "Before and after: too few to tell. Too few functions have errors."
    limits = f"95% limits {ratio.low:.2g} to {ratio.high:.2g}"
    chance = ", which may be chance" if ratio.low <= 1 <= ratio.high else ""
    return (
        f"Before and after: the {changed} functions that changed from {baseline.adjective} to "
        f"AI-written are associated with {ratio.value:.2g} times the errors per call that they had "
        f"before, relative to {steady} functions that did not change ({limits}){chance}."
    )
