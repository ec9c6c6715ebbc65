"""What a reviewer would want to know about the lines that a change adds; every number has lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiprov_otel.coverage.values import FileCoverage
from aiprov_otel.report.failed_lines import FailedLine
from aiprov_otel.review.change import Change
from aiprov_otel.review.gates import Gate, check
from aiprov_otel.review.places import Place, places
from aiprov_otel.review.production import FailingFunction, failing_functions
from aiprov_otel.review.repairs import ReplacedRepair, replaced_repairs
from aiprov_otel.review.tested import executable, match
from aiprov_otel.values import Origin, Provenance, Strength


@dataclass(frozen=True, slots=True)
class Added:
    """The added lines of one origin, agent, model and strength of evidence."""

    origin: str
    agent: str | None
    model: str | None
    strength: str
    places: tuple[Place, ...]

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return count(self.places)

    def to_json(self) -> dict[str, Any]:
        """The lines as JSON values."""
        return {
            "origin": self.origin,
            "agent": self.agent,
            "model": self.model,
            "strength": self.strength,
            "lines": self.lines,
            "places": to_json(self.places),
        }


@dataclass(frozen=True, slots=True)
class UntestedAi:
    """
    What tests executed of the added AI-written lines.

    Attributes:
        statements: how many of them can be executed.
        places: those of them that were not executed.
        unmeasured: those in files without coverage, or that changed since: no test is known.
    """

    statements: int
    places: tuple[Place, ...]
    unmeasured: tuple[Place, ...]

    @property
    def lines(self) -> int:
        """How many lines no test is known to execute."""
        return count(self.places) + count(self.unmeasured)

    @property
    def share(self) -> float:
        """Their share, 0..1; 0 without any lines."""
        return self.lines / self.statements if self.statements else 0.0

    def to_json(self) -> dict[str, Any]:
        """The lines as JSON values."""
        return {
            "lines": self.statements,
            "untested": self.lines,
            "share": round(self.share, 4),
            "places": to_json(self.places),
            "unmeasured": to_json(self.unmeasured),
        }


@dataclass(frozen=True)
class Review:
    """
    A change, reviewed.

    Attributes:
        base: the commit that the branch left its base at.
        head: the commit that is checked out.
        added: the added lines by origin, agent, model and strength, most lines first.
        untested: those that are AI-written and untested; None without coverage.
        failing: the functions that failed lately; None without telemetry.
        replaced_repairs: AI-written lines that replace a person's repair of AI-written lines.
        policy_changed: whether the change edits pyproject.toml, which holds policy and gates.
        gates: the limits of the policy.
    """

    base: str
    head: str
    added: tuple[Added, ...]
    untested: UntestedAi | None
    failing: tuple[FailingFunction, ...] | None
    replaced_repairs: tuple[ReplacedRepair, ...]
    policy_changed: bool
    gates: tuple[Gate, ...] = ()

    @property
    def lines(self) -> int:
        """How many lines the change adds."""
        return sum(added.lines for added in self.added)

    @property
    def weak(self) -> tuple[Place, ...]:
        """The lines that no record and no mark is about."""
        return _joined(added for added in self.added if added.strength == Strength.WEAK)

    @property
    def unknown(self) -> tuple[Place, ...]:
        """The lines of unknown origin."""
        return _joined(added for added in self.added if added.origin == Origin.UNKNOWN)

    @property
    def replacing(self) -> int:
        """How many added lines replace a repair."""
        rows = self.replaced_repairs
        return len(
            {(r.place.path, n) for r in rows for n in range(r.place.first, r.place.last + 1)}
        )

    @property
    def passed(self) -> bool:
        """Whether every gate is passed."""
        return all(gate.passed for gate in self.gates)

    def share(self, some: Iterable[Place]) -> float:
        """The share of the added lines that *some* are; 0 without any lines."""
        return count(some) / self.lines if self.lines else 0.0

    def to_json(self) -> dict[str, Any]:
        """The review as JSON values."""
        return {
            "base": self.base,
            "head": self.head,
            "lines": self.lines,
            "added": [added.to_json() for added in self.added],
            "untested_ai": self.untested and self.untested.to_json(),
            "failing": None
            if self.failing is None
            else [function.to_json() for function in self.failing],
            "replaced_repairs": [repair.to_json() for repair in self.replaced_repairs],
            "weak": to_json(self.weak),
            "unknown": to_json(self.unknown),
            "policy_changed": self.policy_changed,
            "gates": [gate.to_json() for gate in self.gates],
            "passed": self.passed,
        }


def review(
    change: Change,
    measured: Sequence[FileCoverage] | None = None,
    failed: Sequence[FailedLine] | None = None,
) -> Review:
    """
    Reviews *change*, with the coverage that was *measured*, and with what *failed* lately.

    Raises:
        HistoryError: git can't read an earlier version of a file.
        UsageError: a gate is about something that was not given.
    """
    result = Review(
        change.base,
        change.head,
        tuple(_added(change)),
        None if measured is None else _untested_ai(change, measured),
        None if failed is None else tuple(failing_functions(change, failed)),
        tuple(replaced_repairs(change)),
        change.policy_changed,
    )
    figures = {
        "max_untested_ai": None if result.untested is None else result.untested.share,
        "max_unknown": result.share(result.unknown),
        "max_weak": result.share(result.weak),
        "max_failing": None if result.failing is None else len(result.failing),
        "max_replaced_repairs": result.replacing,
    }
    return replace(result, gates=check(change.policy.review, figures))


def _added(change: Change) -> list[Added]:
    lines: dict[tuple[str, str | None, str | None, str], list[Place]] = defaultdict(list)
    for file in change.files:
        of_file: dict[tuple[str, str | None, str | None, str], set[int]] = defaultdict(set)
        for number in file.added:
            of_file[_kind(file.source.line(number))].add(number)
        for kind, numbers in of_file.items():
            lines[kind].extend(places(file.source.path, numbers))
    rows = (Added(*kind, tuple(where)) for kind, where in lines.items())
    return sorted(
        rows,
        key=lambda row: (-row.lines, row.origin, row.agent or "", row.model or "", row.strength),
    )


def _kind(line: Provenance) -> tuple[str, str | None, str | None, str]:
    return line.origin.value, line.agent, line.model, line.strength.value


def _untested_ai(change: Change, measured: Sequence[FileCoverage]) -> UntestedAi:
    tested = match((file.source for file in change.files), measured, change.git.root)
    statements, missing, unmeasured = 0, list[Place](), list[Place]()
    for changed in change.files:
        source = changed.source
        written = {line for line in changed.added if source.line(line).origin is Origin.AI}
        if source.path not in tested.files:
            written &= executable(source, change.git.root)
            statements += len(written)
            unmeasured += places(source.path, written)
            continue
        _, file = tested.files[source.path]
        statements += len(written & (file.covered | file.missing))
        missing += places(source.path, written & file.missing)
    return UntestedAi(statements, tuple(missing), tuple(unmeasured))


def _joined(rows: Iterable[Added]) -> tuple[Place, ...]:
    return tuple(sorted(place for row in rows for place in row.places))


def count(some: Iterable[Place]) -> int:
    """How many lines *some* places have."""
    return sum(place.lines for place in some)


def to_json(some: Iterable[Place]) -> list[dict[str, Any]]:
    """*some* places as JSON values."""
    return [place.to_json() for place in some]
