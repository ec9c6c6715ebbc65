"""Errors and latency by code origin: the answer to `aiprov report`, as a value and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from aiprov_otel.errors import StoreError
from aiprov_otel.report import document, sql
from aiprov_otel.report.analysis import Analysis, allowed, analysis
from aiprov_otel.report.comparison import Comparison
from aiprov_otel.report.excess import Carriers
from aiprov_otel.report.failures import Failure, latest_failures
from aiprov_otel.report.latency import Latency
from aiprov_otel.report.origin_change import BeforeAfter
from aiprov_otel.report.sampling import Sampled, Sampling, sampling
from aiprov_otel.report.statistics.strata import Sums, design_effect
from aiprov_otel.report.trends import Moment, Pace, RouteRatio
from aiprov_otel.report.verdict import Arm, ModelArm, Verdict, arm, rate
from aiprov_otel.values import Origin

if TYPE_CHECKING:
    from aiprov_otel.telemetry.source import Reader, Source

_WITH_MODEL: Final = {Origin.AI.value, Origin.MIXED.value}


@dataclass(frozen=True, slots=True)
class Coverage:
    """
    How much of the telemetry the report can speak of.

    Attributes:
        spans: that were received.
        units: the calls: those of them that stand for one, of known origin or not.
        known_share: of the units, those with a known origin.
        weak_share: of the units with a known origin, those for which history has weak evidence.
        matches: the share of the units by how the running code met the manifest.
        informative_share: of the calls that are compared, those that ran where both sides did.
        placed_share: of the errors, those of functions that have spans, and so an error rate.
        stands_for: how many calls each that was kept stands for, on average; 1 if all were.
    """

    spans: int
    units: int
    known_share: float | None
    weak_share: float | None
    matches: Mapping[str, float]
    informative_share: float | None
    placed_share: float | None
    stands_for: float


@dataclass(frozen=True, slots=True)
class Raised:
    """The errors of one kind that one line raised."""

    type: str
    origin: str
    agent: str | None
    model: str | None
    commit: str | None
    path: str | None
    line: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Function:
    """One function: who wrote it, its calls, and the errors that its lines raised."""

    function: str
    origin: str
    agent: str | None
    model: str | None
    commit: str | None
    calls: int
    errors: int
    error_ratio: float | None
    low: float | None
    high: float | None
    self_s: float | None
    self_p50_ms: float | None
    self_p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """
    Errors and latency by code origin.

    Attributes:
        verdict: what may be said.
        coverage: how much of the telemetry it speaks of.
        comparisons: that of the verdict, and two that show what it depends on.
        before_after: functions before and after their lines changed hands.
        latency: quantiles of the time of a call, on the routes that both sides serve.
        excess: the functions, commits, models and exceptions that carry the excess errors.
        routes: those that both sides serve, each with its own ratio.
        over_time: the ratio in parts of the time.
        self_time: by origin, in the same parts.
        arms: by origin.
        models: by origin, agent and model, of AI-written and mixed code.
        exceptions: the most frequent errors, by the line that raised them.
        functions: those with most errors.
        slowest: the functions that most time was spent in, without what they called.
        failure: the most recent failing request with a stack trace; None where there is none.
        earlier_failures: the latest of other lines that raised, newest first.
        repository: the address of the code, where what failed names one, and only one.
    """

    verdict: Verdict
    coverage: Coverage
    comparisons: tuple[Comparison, ...]
    before_after: BeforeAfter
    latency: tuple[Latency, ...]
    excess: Carriers
    routes: tuple[RouteRatio, ...]
    over_time: tuple[Moment, ...]
    self_time: tuple[Pace, ...]
    arms: tuple[Arm, ...]
    models: tuple[ModelArm, ...]
    exceptions: tuple[Raised, ...]
    functions: tuple[Function, ...]
    slowest: tuple[Function, ...]
    failure: Failure | None
    earlier_failures: tuple[Failure, ...]
    repository: str | None

    def to_json(self) -> dict[str, Any]:
        """What `aiprov report --json` prints."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """
        Read what `to_json` gave.

        Raises:
            StoreError: it has another shape.
        """
        try:
            return document.read(cls, said)
        except (KeyError, TypeError) as error:
            msg = f"this is no report of this version of aiprov ({error}); use one on both sides"
            raise StoreError(msg) from error


def report(source: Source, *, since: int = 0, sampled: Sampled | None = None) -> Report:
    """
    The report on what *source* holds, of spans that began at *since* or later (Unix nanoseconds).

    *sampled* says how they were chosen, where that can't be seen.

    Raises:
        StoreError: the source can't be read.
    """
    with source.reader() as reader:
        reader.begin()
        for name in sql.TABLES:
            reader.query(sql.table(name, since=since))
        arms = tuple(_arm(row) for row in _by(reader, "Origin"))
        chosen = sampling(reader, sampled)
        found = allowed(analysis(reader, arms), chosen.refused)
        failures = tuple(latest_failures(reader))
        return Report(
            found.verdict,
            _coverage(reader, found, chosen),
            found.comparisons,
            found.before_after,
            found.latency,
            found.excess,
            found.routes,
            found.over_time,
            found.self_time,
            arms,
            _models(reader),
            tuple(Raised(*row) for row in reader.query(sql.query("top_exceptions"))),
            tuple(_function(row) for row in reader.query(sql.query("failing"))),
            tuple(_function(row) for row in reader.query(sql.query("slowest"))),
            failures[0] if failures else None,
            failures[1:],
            _repository(reader),
        )


def _coverage(reader: Reader, found: Analysis, chosen: Sampling) -> Coverage:
    ((spans, units, known, weak),) = reader.query(sql.query("coverage"))
    ((placed,),) = reader.query(sql.query("placed_share"))
    matches = dict(reader.query(sql.query("matches")))
    share = found.comparisons[0].informative_share
    return Coverage(spans, units, known, weak, matches, share, placed, chosen.stands_for)


def _repository(reader: Reader) -> str | None:
    named = reader.query(sql.query("repositories"))
    return named[0][0] if len(named) == 1 else None


def _by(reader: Reader, *dimensions: str) -> Iterator[tuple[Any, ...]]:
    """The rows of `by.sql`; the last column is how many calls tell as much as one alone."""
    size = len(dimensions)
    by_function = reader.query(sql.query("over_functions", dimensions=dimensions))
    sums = {row[:size]: Sums(*row[size:]) for row in by_function}
    for *row, spread in reader.query(sql.query("by", dimensions=dimensions)):
        yield (*row, max(spread, design_effect(sums[tuple(row[:size])])))


def _arm(row: Sequence[Any]) -> Arm:
    origin, functions, calls, errors, p50, p95, spread = row
    return arm(origin, functions, calls, errors, (p50, p95), spread)


def _models(reader: Reader) -> tuple[ModelArm, ...]:
    return tuple(
        ModelArm(**asdict(_arm((origin, *counts))), agent=agent, model=model)
        for origin, agent, model, *counts in _by(reader, "Origin", "Agent", "Model")
        if origin in _WITH_MODEL
    )


def _function(row: Sequence[Any]) -> Function:
    function, origin, agent, model, commit, calls, errors, spent, p50, p95, spread = row
    found = rate(errors, calls, spread)
    return Function(
        function=function,
        origin=origin,
        agent=agent,
        model=model,
        commit=commit,
        calls=calls,
        errors=errors,
        error_ratio=found.ratio,
        low=found.low,
        high=found.high,
        self_s=spent,
        self_p50_ms=p50,
        self_p95_ms=p95,
    )


def why_empty(found: Report, days: float | None = None) -> str | None:
    """Say why *found*, of the last *days*, has nothing to show; None where it has."""
    if days and not found.coverage.spans:
        return f"no span began within --days {days:g}; ask for more of them"
    if not found.coverage.spans:
        return "no traces were received yet; get some with `aiprov run -- CMD`"
    if not found.coverage.units:
        return (
            f"{found.coverage.spans} spans were received, none with aiprov.* attributes: run the "
            "service under `aiprov run`, or call aiprov_otel.install() in it and set "
            "AIPROV_MANIFEST to what `aiprov build` wrote"
        )
    return None
