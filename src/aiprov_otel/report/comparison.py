"""AI-written code compared with the baseline where both ran; pure but for the resampling."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiprov_otel.report.statistics.rates import QuasiPoisson, mantel_haenszel, quasi_poisson
from aiprov_otel.report.statistics.strata import (
    Cell,
    Stratum,
    count_failing,
    informative_cells,
    informative_share,
    tallies,
)
from aiprov_otel.values import Origin, Strength

MIN_FAILING: Final = 10
"""How many failing functions each side needs before their ratio is reported."""

COMPARED: Final = "in functions below a handler"
"""Where calls and errors are compared: a route has one handler, and so one origin."""

MIN_SHARED: Final = 0.2
"""The share of calls on shared routes that is needed before they can represent all."""


@dataclass(frozen=True, slots=True)
class VersionCounts:
    """Calls and errors of one version of a function on one route: a row of `cells.sql`."""

    service: str
    route: str
    kind: str
    name: str
    origin: str
    agent: str | None
    model: str | None
    commit: str | None
    committed: str | None
    strength: str | None
    age: str
    calls: float
    errors: float

    @property
    def stratum(self) -> Stratum:
        """Where it ran."""
        return self.service, self.route, self.kind

    @property
    def function(self) -> str:
        """The function's identity across routes and versions."""
        return f"{self.service} {self.name}"


@dataclass(frozen=True, slots=True)
class Adjusted:
    """
    The ratio of the error rates within strata.

    Attributes:
        value: error rate of AI-written code over that of the baseline.
        low: lower 95% limit.
        high: upper 95% limit.
        method: how they were computed, in words.
        strata: the number of strata in which both ran.
        informative_share: the share of the calls in those strata.
        failing: how many functions failed there, AI-written and of the baseline.
        check: the same ratio by quasi-Poisson regression; None if it has no solution.
    """

    value: float
    low: float
    high: float
    method: str
    strata: int
    informative_share: float
    failing: tuple[int, int]
    check: QuasiPoisson | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    One way to compare, and its result.

    Attributes:
        name: what the ratio is adjusted for, or limited to.
        adjusted: the ratio; None if it is refused.
        reason: why it is refused, in words; None otherwise.
        informative_share: the share of the calls that ran where both did; None without calls.
    """

    name: str
    adjusted: Adjusted | None
    reason: str | None
    informative_share: float | None


@dataclass(frozen=True, slots=True)
class Baseline:
    """
    The code that AI-written code is compared with.

    Attributes:
        key: `human`, or `not ai` if no call is known to be of human-written code.
        origins: the origins of its units.
        name: in words.
        adjective: of its functions.
    """

    key: str
    origins: Collection[str] = field(repr=False)
    name: str
    adjective: str

    def cells(
        self,
        rows: Iterable[VersionCounts],
        stratum: Callable[[VersionCounts], Stratum] = lambda row: row.stratum,
    ) -> list[Cell]:
        """Returns the cells of AI-written code and of this baseline, by *stratum*."""
        return [
            Cell(stratum(row), row.origin == Origin.AI, row.function, row.calls, row.errors)
            for row in rows
            if row.origin == Origin.AI or row.origin in self.origins
        ]


HUMAN: Final = Baseline("human", frozenset({Origin.HUMAN}), "human-written code", "human-written")
NOT_AI: Final = Baseline(
    "not ai",
    frozenset({Origin.HUMAN, Origin.UNKNOWN}),
    "all code not known to be AI-written",
    "other",
)


def comparisons(rows: Sequence[VersionCounts], baseline: Baseline) -> tuple[Comparison, ...]:
    """
    The comparison behind the verdict, and two that show what it depends on.

    The first is within service, route and kind of unit; the second also within bands of the age
    that the code had when it ran; the third is the first, limited to units with line-level
    evidence.
    """
    line_level = [row for row in rows if row.strength == Strength.LINE]
    return (
        compare("service, route and kind of unit", baseline.cells(rows), baseline),
        compare(
            "service, route, kind of unit and age of the code",
            baseline.cells(rows, lambda row: (*row.stratum, row.age)),
            baseline,
            within="route and age",
        ),
        compare(
            "service, route and kind of unit, line-level evidence only",
            baseline.cells(line_level),
            baseline,
        ),
    )


def compare_services(rows: Sequence[VersionCounts], baseline: Baseline) -> tuple[Comparison, ...]:
    """The first comparison within each service; empty if there is only one."""
    services = sorted({row.service for row in rows})
    if len(services) == 1:
        return ()
    return tuple(
        compare(service, baseline.cells(row for row in rows if row.service == service), baseline)
        for service in services
    )


def compare(
    name: str, cells: Sequence[Cell], baseline: Baseline, *, within: str = "route"
) -> Comparison:
    """Compares *cells*, or explains why it can't; *within* names the strata in that sentence."""
    share = informative_share(tallies(cells))
    shared = informative_cells(cells)
    reason = (
        _too_few(cells, baseline, "")
        or _too_separate(share, within)
        or _too_few(shared, baseline, " where both ran")
    )
    if reason:
        return Comparison(name, None, reason, share)
    adjusted = _adjusted(name, shared, share or 0)
    if adjusted is None:
        reason = "Too few to tell: the errors are too few or too unevenly spread for limits."
    return Comparison(name, adjusted, reason, share)


def _too_few(cells: Sequence[Cell], baseline: Baseline, where: str) -> str | None:
    exposed, rest = count_failing(cells, exposed=True), count_failing(cells, exposed=False)
    if min(exposed, rest) >= MIN_FAILING:
        return None
    return (
        f"Too few to tell: {exposed} AI-written and {rest} {baseline.adjective} functions "
        f"below a handler failed a request{where}, and each side needs {MIN_FAILING}."
    )


def _too_separate(share: float | None, within: str) -> str | None:
    if share is not None and share >= MIN_SHARED:
        return None
    return (
        f"The data can't separate origin from {within}: {share or 0:.0%} of the calls ran "
        f"where both sides did, and {MIN_SHARED:.0%} are needed."
    )


def _adjusted(name: str, cells: Sequence[Cell], share: float) -> Adjusted | None:
    from aiprov_otel.report.statistics.bootstrap import RESAMPLES, bootstrap_limits

    counts = tallies(cells)
    ratio, limits = mantel_haenszel(counts.values()), bootstrap_limits(cells)
    if ratio is None or limits is None:
        return None
    return Adjusted(
        ratio,
        *limits,
        method=f"Mantel-Haenszel within {name}; limits by bootstrap over functions, "
        f"{RESAMPLES:,} resamples",
        strata=len(counts),
        informative_share=share,
        failing=(count_failing(cells, exposed=True), count_failing(cells, exposed=False)),
        check=quasi_poisson(cells),
    )
