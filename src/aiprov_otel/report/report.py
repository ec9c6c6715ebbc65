"""Errors and latency by code origin: the report of `aiprov report`, as a value and as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from aiprov_otel.errors import StoreError
from aiprov_otel.report import sql
from aiprov_otel.report.analysis import Analysis, analyze, withhold_ratios
from aiprov_otel.report.comparison import Comparison
from aiprov_otel.report.document import read_dataclass
from aiprov_otel.report.error_groups import ErrorGroup, error_groups
from aiprov_otel.report.excess import ExcessBreakdown
from aiprov_otel.report.failures import Failure, latest_failures
from aiprov_otel.report.latency import Latency
from aiprov_otel.report.origin_change import BeforeAfter
from aiprov_otel.report.sampling import Sampled, Sampling, detect_sampling
from aiprov_otel.report.sensitivity import Bounds, Sensitivity
from aiprov_otel.report.session import Session, opened
from aiprov_otel.report.statistics.strata import FunctionSums, design_effect
from aiprov_otel.report.trends import RatioPoint, RouteRatio, SelfTimePoint
from aiprov_otel.report.verdict import ModelStats, OriginStats, Verdict, origin_stats, rate
from aiprov_otel.values import WITH_MODEL, Outcome

if TYPE_CHECKING:
    from aiprov_otel.telemetry.source import Reader, Source

_RUN: Final = re.compile(r"[0-9a-f]*")  # any sender can call itself a run, and SQL holds the id
_MOST_GROUPS: Final = 10


@dataclass(frozen=True, slots=True)
class Coverage:
    """
    How much of the telemetry the report covers.

    Attributes:
        spans: how many were received.
        units: how many calls they stand for, of known origin or not.
        known_share: the share of units with a known origin.
        weak_share: the share of those with weak evidence only.
        matches: the share of units by how the running code matched the manifest.
        informative_share: the share of compared calls that ran where both sides did.
        placed_share: the share of errors in functions that have spans, and so an error rate.
        stands_for: how many calls each kept span stands for, on average; 1 if all were kept.
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
class Counts:
    """
    What was counted; docs/reference/counting.md has the rules.

    Attributes:
        requests: that came from clients and queues.
        failed_requests: that failed, by an exception or otherwise.
        escaped: errors that failed a request, a task or a process.
        handled: errors that the code around them made up for.
        expected: errors answered as the client's own, cancellations, and those of the policy.
    """

    requests: int
    failed_requests: int
    escaped: int
    handled: int
    expected: int


@dataclass(frozen=True, slots=True)
class Function:
    """
    One function: who wrote it, its calls, and the escaped errors that its lines raised.

    Attributes:
        calls: None where no span stands for them, so that they can't be counted.
    """

    function: str
    origin: str
    agent: str | None
    model: str | None
    commit: str | None
    calls: int | None
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
        verdict: the conclusion that the data allow.
        coverage: how much of the telemetry it covers.
        counts: requests, and errors by what became of them.
        comparisons: the comparison behind the verdict, and two that show what it depends on.
        services: the comparison within each service; empty if there is only one.
        bounds: the ratio for other readings of the unknown and the mixed.
        sensitivity: what else could explain the ratio.
        before_after: functions whose origin changed.
        latency: quantiles of the time per call, on the routes that both sides serve.
        excess: the functions, commits, models and exceptions with the excess errors.
        routes: the routes that both sides serve, each with its own ratio.
        over_time: the ratio in each part of the time.
        self_time: by origin, in the same parts.
        arms: by origin.
        models: by origin, agent and model, of AI-written and mixed code.
        exceptions: the most frequent errors, by the line that raised them.
        functions: those with most errors.
        slowest: the functions with most self time.
        failure: the latest failing request with a stack trace; None if there is none.
        earlier_failures: the latest of each other line that raised, newest first.
        repository: the address of the code, if all failures name the same.
    """

    verdict: Verdict
    coverage: Coverage
    counts: Counts
    comparisons: tuple[Comparison, ...]
    services: tuple[Comparison, ...]
    bounds: Bounds
    sensitivity: Sensitivity
    before_after: BeforeAfter
    latency: tuple[Latency, ...]
    excess: ExcessBreakdown
    routes: tuple[RouteRatio, ...]
    over_time: tuple[RatioPoint, ...]
    self_time: tuple[SelfTimePoint, ...]
    arms: tuple[OriginStats, ...]
    models: tuple[ModelStats, ...]
    exceptions: tuple[ErrorGroup, ...]
    functions: tuple[Function, ...]
    slowest: tuple[Function, ...]
    failure: Failure | None
    earlier_failures: tuple[Failure, ...]
    repository: str | None

    def to_json(self) -> dict[str, Any]:
        """What `aiprov report --json` prints."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """
        Reads what `to_json` returned.

        Raises:
            StoreError: it has another shape.
        """
        try:
            return read_dataclass(cls, document)
        except (KeyError, TypeError) as error:
            msg = (
                f"the report is of another version of aiprov ({error}); use the same version on "
                "both sides"
            )
            raise StoreError(msg) from error


def runs(source: Source, *, since: int = 0) -> list[str]:
    """
    The ids of the runs in *source* with spans that began at *since* (Unix nanoseconds) or later.

    The latest comes first; the id is empty for spans of no `aiprov run`.

    Raises:
        StoreError: the source can't be read.
    """
    with source.reader() as reader:
        return runs_of(reader, since=since)


def runs_of(reader: Reader, *, since: int = 0) -> list[str]:
    """As `runs`, of the spans that *reader* sees."""
    rows = reader.query(sql.query("runs", since=since))
    return [run for run, _ in rows if _RUN.fullmatch(run)]


def build_report(
    source: Source, *, since: int = 0, run: str | None = None, sampled: Sampled | None = None
) -> Report:
    """
    Reports on the spans in *source* that began at *since* or later (Unix nanoseconds).

    *run* is the id of one of `runs`: only its spans count. *sampled* states how they were chosen,
    if they don't show it.

    Raises:
        StoreError: the source can't be read.
    """
    with opened(source, since=since, run=run) as session:
        return report_on(session, sampled)


def report_on(session: Session, sampled: Sampled | None = None) -> Report:
    """
    Reports on the spans of *session*, as `build_report` does.

    Raises:
        StoreError: the source can't be read.
    """
    session.create(sql.TABLES)
    reader = session.reader
    by_origin = tuple(origin_stats(*row) for row in _counts_by(reader, "Origin"))
    sampling = detect_sampling(reader, sampled)
    analysis = analyze(reader, by_origin)
    if sampling.refusal is not None:
        analysis = withhold_ratios(analysis, sampling.refusal)
    failures = tuple(latest_failures(reader))
    return Report(
        analysis.verdict,
        _coverage(reader, analysis, sampling),
        _counts(reader),
        analysis.comparisons,
        analysis.services,
        analysis.bounds,
        analysis.sensitivity,
        analysis.before_after,
        analysis.latency,
        analysis.excess,
        analysis.routes,
        analysis.over_time,
        analysis.self_time,
        by_origin,
        _models(reader),
        error_groups(session, _MOST_GROUPS),
        tuple(_function(row) for row in reader.query(sql.query("failing"))),
        tuple(_function(row) for row in reader.query(sql.query("slowest"))),
        failures[0] if failures else None,
        failures[1:],
        repository_of(reader),
    )


def _coverage(reader: Reader, analysis: Analysis, sampling: Sampling) -> Coverage:
    ((spans, units, known, weak),) = reader.query(sql.query("coverage"))
    ((placed,),) = reader.query(sql.query("placed_share"))
    matches = dict(reader.query(sql.query("matches")))
    informative = analysis.comparisons[0].informative_share
    return Coverage(spans, units, known, weak, matches, informative, placed, sampling.stands_for)


def _counts(reader: Reader) -> Counts:
    ((requests, failed),) = reader.query(sql.query("requests"))
    outcomes = dict(reader.query(sql.query("outcomes")))
    return Counts(requests, failed, *(outcomes.get(outcome, 0) for outcome in Outcome))


def repository_of(reader: Reader) -> str | None:
    """The address of the code, if all failed spans name the same."""
    repositories = reader.query(sql.query("repositories"))
    return repositories[0][0] if len(repositories) == 1 else None


def _counts_by(reader: Reader, *dimensions: str) -> Iterator[tuple[Any, ...]]:
    """Yields the rows of `by.sql`; one in so many calls as the last column adds information."""
    size = len(dimensions)
    by_function = reader.query(sql.query("over_functions", dimensions=dimensions))
    sums = {row[:size]: FunctionSums(*row[size:]) for row in by_function}
    for *row, spread in reader.query(sql.query("by", dimensions=dimensions)):
        yield (*row, max(spread, design_effect(sums[tuple(row[:size])])))


def _models(reader: Reader) -> tuple[ModelStats, ...]:
    return tuple(
        ModelStats(**asdict(origin_stats(origin, *counts)), agent=agent, model=model)
        for origin, agent, model, *counts in _counts_by(reader, "Origin", "Agent", "Model")
        if origin in WITH_MODEL
    )


def _function(row: Sequence[Any]) -> Function:
    function, origin, agent, model, commit, calls, errors, self_s, p50, p95, spread = row
    errors_per_call = rate(errors, calls or 0, spread)
    return Function(
        function,
        origin,
        agent,
        model,
        commit,
        calls,
        errors,
        errors_per_call.ratio,
        errors_per_call.low,
        errors_per_call.high,
        self_s,
        p50,
        p95,
    )


def why_empty(report: Report, days: float | None = None) -> str | None:
    """Returns why *report*, on the last *days*, has nothing to show; None if it has."""
    return why_nothing(report.coverage.spans, report.coverage.units, days)


def why_nothing(spans: int, units: int, days: float | None = None) -> str | None:
    """As `why_empty`, for so many *spans*, of which *units* are of application code."""
    if days and not spans:
        return f"no span began within --days {days:g}; try more days"
    if not spans:
        return "no traces received yet; send some with `aiprov run -- CMD`"
    if not units:
        return (
            f"{spans} spans received, none with aiprov.* attributes: run the service under "
            "`aiprov run`, or call aiprov_otel.install() in it and set AIPROV_MANIFEST to what "
            "`aiprov build` wrote"
        )
    return None
