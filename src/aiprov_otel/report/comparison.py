"""AI-written code against the baseline, within what both did; pure but for the drawings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiprov_otel.report.statistics.rates import QuasiPoisson, mantel_haenszel, quasi_poisson
from aiprov_otel.report.statistics.strata import (
    Cell,
    Stratum,
    failing,
    informative,
    informative_share,
    tallies,
)
from aiprov_otel.values import Origin

ENOUGH: Final = 10
"""Failing functions that each side must have before their ratio says anything at all."""

FLOOR: Final = 0.2
"""The share of the calls, below which what ran on the same routes can't speak for the rest."""

_LINE: Final = "line"


@dataclass(frozen=True, slots=True)
class Counted:
    """What one version of a function did on one route: a row of `cells.sql`."""

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
        """What makes it the same function everywhere."""
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
        strata: those in which both ran.
        informative_share: the share of the calls that ran there.
        failing: how many functions failed there, of AI-written code and of the baseline.
        check: the same ratio by quasi-Poisson regression; None where it has no solution.
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
    One way to compare, and what came of it.

    Attributes:
        name: what the ratio is adjusted for, or made of.
        adjusted: the ratio; None where it is refused.
        reason: why it is refused, in words; None where it is not.
        informative_share: the share of the calls that ran where both did; None without calls.
    """

    name: str
    adjusted: Adjusted | None
    reason: str | None
    informative_share: float | None


@dataclass(frozen=True, slots=True)
class Arms:
    """
    Who is compared with whom.

    Attributes:
        baseline: `human`, or `not ai` where no call is known to be human.
        origins: of the baseline's units.
        name: of the baseline, in words.
        short: of its functions, in a word.
    """

    baseline: str
    origins: Collection[str] = field(repr=False)
    name: str
    short: str

    def cells(
        self, rows: Iterable[Counted], stratum: Callable[[Counted], Stratum] | None = None
    ) -> list[Cell]:
        """Those of *rows* that are of one of the arms, by *stratum* or where they ran."""
        found = stratum or (lambda row: row.stratum)
        return [
            Cell(found(row), row.origin == Origin.AI, row.function, row.calls, row.errors)
            for row in rows
            if row.origin == Origin.AI or row.origin in self.origins
        ]


HUMAN: Final = Arms("human", frozenset({Origin.HUMAN}), "human-written code", "human-written")
NOT_AI: Final = Arms(
    "not ai", frozenset({Origin.HUMAN, Origin.UNKNOWN}), "all that is not known to be AI", "other"
)


def comparisons(rows: Sequence[Counted], arms: Arms) -> tuple[Comparison, ...]:
    """
    The comparison that the verdict is made of, and two that show what it depends on.

    The first is within service, route and kind of unit; the second also within bands of the age
    that the code had when it ran; the third as the first, of units with line-level evidence only.
    """
    told = [row for row in rows if row.strength == _LINE]
    return (
        compare("service, route and kind of unit", arms.cells(rows), arms),
        compare(
            "service, route, kind of unit and age of the code",
            arms.cells(rows, lambda row: (*row.stratum, row.age)),
            arms,
            inseparable="route and age",
        ),
        compare(
            "service, route and kind of unit, line-level evidence only", arms.cells(told), arms
        ),
    )


def compare(
    name: str, cells: Sequence[Cell], arms: Arms, *, inseparable: str = "route"
) -> Comparison:
    """The comparison of *cells*, or why there is none: origin may be *inseparable* from that."""
    counts = tallies(cells)
    share = informative_share(counts)
    told = informative(cells)
    reason = (
        _few(cells, arms, "") or _apart(share, inseparable) or _few(told, arms, " where both ran")
    )
    if reason:
        return Comparison(name, None, reason, share)
    adjusted = _adjusted(name, told, share or 0)
    if adjusted is None:
        return Comparison(name, None, _NO_LIMITS, share)
    return Comparison(name, adjusted, None, share)


_NO_LIMITS: Final = "Too few to tell: the errors of the functions allow no limits."


def _few(cells: Sequence[Cell], arms: Arms, where: str) -> str | None:
    exposed, baseline = failing(cells, exposed=True), failing(cells, exposed=False)
    if min(exposed, baseline) >= ENOUGH:
        return None
    return (
        f"Too few to tell: {exposed} AI-written and {baseline} {arms.short} functions "
        f"failed{where}, and each side needs {ENOUGH}."
    )


def _apart(share: float | None, inseparable: str) -> str | None:
    if share is not None and share >= FLOOR:
        return None
    return (
        f"The data can't separate origin from {inseparable}: {share or 0:.0%} of the calls ran "
        f"where both sides did, and it takes {FLOOR:.0%}."
    )


def _adjusted(name: str, cells: Sequence[Cell], share: float) -> Adjusted | None:
    from aiprov_otel.report.statistics.bootstrap import RESAMPLES, limits

    counts = tallies(cells)
    ratio, found = mantel_haenszel(counts.values()), limits(cells)
    if ratio is None or found is None:
        return None
    return Adjusted(
        ratio,
        *found,
        method=f"Mantel-Haenszel within {name}; limits by bootstrap over functions, "
        f"{RESAMPLES:,} drawings",
        strata=len(counts),
        informative_share=share,
        failing=(failing(cells, exposed=True), failing(cells, exposed=False)),
        check=quasi_poisson(cells),
    )
