"""Which functions, commits, models and exceptions carry the excess of AI-written code; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

from aiprov_otel.report.comparison import Arms, Counted
from aiprov_otel.report.statistics.rates import Beyond, beyond, expected
from aiprov_otel.report.statistics.strata import Stratum, Tally, tallies
from aiprov_otel.values import Origin

TypeRow: TypeAlias = tuple[str, str, str, str, str, int]
"""A row of `types.sql`: service, route, kind, origin, type of exception, errors."""

_MOST: Final = 20  # of each list


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess(Beyond):
    """
    One function, commit, model or type of exception.

    Attributes:
        name: of it; None for a model that is not known.
        agent: which tool wrote it; None for an exception, or where several did or none is known.
        model: likewise.
        commit: that last wrote it; likewise.
        committed: when that landed, RFC 3339; None where that is not known.
        age_days: how old the code was at the end of the telemetry; None where that is not known.
    """

    name: str | None
    agent: str | None = None
    model: str | None = None
    commit: str | None = None
    committed: str | None = None
    age_days: int | None = None


@dataclass(frozen=True, slots=True)
class Carriers:
    """The excess errors of AI-written code where both ran, by what carries them, most first."""

    functions: tuple[Excess, ...] = ()
    commits: tuple[Excess, ...] = ()
    models: tuple[Excess, ...] = ()
    exceptions: tuple[Excess, ...] = ()


def carriers(rows: Sequence[Counted], types: Iterable[TypeRow], arms: Arms, until: int) -> Carriers:
    """What carries the excess in *rows*; *until* is the end of the telemetry, in nanoseconds."""
    counts = {
        stratum: tally for stratum, tally in tallies(arms.cells(rows)).items() if tally.informative
    }
    told = [row for row in rows if row.origin == Origin.AI and row.stratum in counts]

    def ranked(key: Callable[[Counted], object], name: Callable[[Counted], str | None]) -> Ranked:
        groups: dict[object, list[Counted]] = defaultdict(list)
        for row in told:
            groups[key(row)].append(row)
        return _first(_of_rows(name(group[0]), group, counts, until) for group in groups.values())

    return Carriers(
        ranked(lambda row: row.function, lambda row: row.name),
        ranked(lambda row: row.commit, lambda row: row.commit),
        ranked(lambda row: (row.agent, row.model), lambda row: row.model),
        _first(_of_types(types, counts, arms)),
    )


Ranked: TypeAlias = tuple[Excess, ...]


def _first(found: Iterable[Excess]) -> Ranked:
    failed = (one for one in found if one.errors)
    return tuple(sorted(failed, key=lambda one: (-one.excess, one.name or ""))[:_MOST])


def _of_rows(
    name: str | None, rows: Sequence[Counted], counts: Mapping[Stratum, Tally], until: int
) -> Excess:
    calls: dict[Stratum, float] = defaultdict(float)
    for row in rows:
        calls[row.stratum] += row.calls
    found = beyond(sum(calls.values()), sum(row.errors for row in rows), expected(calls, counts))
    committed = _only({row.committed for row in rows})
    return Excess(
        found.calls,
        found.errors,
        found.expected,
        found.excess,
        found.low,
        found.high,
        name=name,
        agent=_only({row.agent for row in rows}),
        model=_only({row.model for row in rows}),
        commit=_only({row.commit for row in rows}),
        committed=committed,
        age_days=_age(committed, until),
    )


def _only(values: set[str | None]) -> str | None:
    return values.pop() if len(values) == 1 else None


def _age(committed: str | None, until: int) -> int | None:
    try:
        then = datetime.fromisoformat(committed or "")
    except ValueError:
        return None
    return (datetime.fromtimestamp(until / 1e9, UTC) - then.astimezone(UTC)).days


def _of_types(
    types: Iterable[TypeRow], counts: Mapping[Stratum, Tally], arms: Arms
) -> Iterable[Excess]:
    exposed: dict[str, float] = defaultdict(float)
    usual: dict[str, float] = defaultdict(float)
    for service, route, kind, origin, name, errors in types:
        tally = counts.get((service, route, kind))
        if tally and origin == Origin.AI:
            exposed[name] += errors
        elif tally and origin in arms.origins:
            usual[name] += errors * tally.exposed_calls / tally.baseline_calls
    calls = sum(tally.exposed_calls for tally in counts.values())
    for name, observed in exposed.items():
        found = beyond(calls, observed, usual[name])
        yield Excess(
            found.calls, found.errors, found.expected, found.excess, found.low, found.high,
            name=name,
        )  # fmt: skip
