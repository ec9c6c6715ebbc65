"""The functions, commits, models and exceptions with the excess errors of AI-written code; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

from aiprov_otel.report.comparison import Baseline, VersionCounts
from aiprov_otel.report.statistics.rates import ErrorExcess, error_excess, expected_errors
from aiprov_otel.report.statistics.strata import Stratum, Tally, tallies
from aiprov_otel.values import Origin

TypeRow: TypeAlias = tuple[str, str, str, str, str, float]
"""A row of `types.sql`: service, route, kind, origin, type of exception, errors."""

_MOST: Final = 20  # of each list


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess(ErrorExcess):
    """
    One function, commit, model or type of exception.

    Attributes:
        name: its name; None for an unknown model.
        agent: the tool that wrote it; None for an exception, if several did, or if unknown.
        model: likewise.
        commit: the commit that last wrote it; likewise.
        committed: when that landed, RFC 3339; None if unknown.
        age_days: how old the code was at the end of the telemetry; None if unknown.
    """

    name: str | None
    agent: str | None = None
    model: str | None = None
    commit: str | None = None
    committed: str | None = None
    age_days: int | None = None


Ranked: TypeAlias = tuple[Excess, ...]
"""Largest excess first."""


@dataclass(frozen=True, slots=True)
class ExcessBreakdown:
    """The excess errors of AI-written code on the routes where both ran."""

    functions: Ranked = ()
    commits: Ranked = ()
    models: Ranked = ()
    exceptions: Ranked = ()


def break_down_excess(
    rows: Sequence[VersionCounts], types: Iterable[TypeRow], baseline: Baseline, until: int
) -> ExcessBreakdown:
    """Ranks what has the excess in *rows*; *until* is the end of the telemetry in nanoseconds."""
    counts = {
        stratum: tally
        for stratum, tally in tallies(baseline.cells(rows)).items()
        if tally.informative
    }
    exposed = [row for row in rows if row.origin == Origin.AI and row.stratum in counts]

    def ranked(
        key: Callable[[VersionCounts], object], name: Callable[[VersionCounts], str | None]
    ) -> Ranked:
        groups: dict[object, list[VersionCounts]] = defaultdict(list)
        for row in exposed:
            groups[key(row)].append(row)
        return _rank(_of_rows(name(group[0]), group, counts, until) for group in groups.values())

    return ExcessBreakdown(
        ranked(lambda row: row.function, lambda row: row.name),
        ranked(lambda row: row.commit, lambda row: row.commit),
        ranked(lambda row: (row.agent, row.model), lambda row: row.model),
        _rank(_of_types(types, counts, baseline)),
    )


def above_expected(ranked: Ranked, most: int) -> Ranked:
    """The first *most* of those that have more errors than expected."""
    return tuple(row for row in ranked if row.excess > 0)[:most]


def _rank(rows: Iterable[Excess]) -> Ranked:
    failed = (row for row in rows if row.errors)
    return tuple(sorted(failed, key=lambda row: (-row.excess, row.name or ""))[:_MOST])


def _of_rows(
    name: str | None, rows: Sequence[VersionCounts], counts: Mapping[Stratum, Tally], until: int
) -> Excess:
    calls: dict[Stratum, float] = defaultdict(float)
    for row in rows:
        calls[row.stratum] += row.calls
    errors = sum(row.errors for row in rows)
    committed = _only({row.committed for row in rows})
    return Excess(
        *astuple(error_excess(sum(calls.values()), errors, expected_errors(calls, counts))),
        name=name,
        agent=_only({row.agent for row in rows}),
        model=_only({row.model for row in rows}),
        commit=_only({row.commit for row in rows}),
        committed=committed,
        age_days=_age_days(committed, until),
    )


def _only(values: set[str | None]) -> str | None:
    return values.pop() if len(values) == 1 else None


def _age_days(committed: str | None, until: int) -> int | None:
    try:
        then = datetime.fromisoformat(committed or "").astimezone(UTC)
    except (ValueError, OverflowError):  # not a time, or one of the year 0 in UTC
        return None
    return (datetime.fromtimestamp(until / 1e9, UTC) - then).days


def _of_types(
    types: Iterable[TypeRow], counts: Mapping[Stratum, Tally], baseline: Baseline
) -> Iterator[Excess]:
    exposed: dict[str, float] = defaultdict(float)
    expected: dict[str, float] = defaultdict(float)
    for service, route, kind, origin, name, errors in types:
        tally = counts.get((service, route, kind))
        if tally and origin == Origin.AI:
            exposed[name] += errors
        elif tally and origin in baseline.origins:
            expected[name] += errors * tally.exposed_calls / tally.baseline_calls
    calls = sum(tally.exposed_calls for tally in counts.values())
    for name, errors in exposed.items():
        yield Excess(*astuple(error_excess(calls, errors, expected[name])), name=name)
