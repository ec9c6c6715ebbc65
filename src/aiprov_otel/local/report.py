"""Errors and latency by code origin: the answer to `aiprov report`, as a value and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from aiprov_otel.errors import StoreError
from aiprov_otel.local import prepared, queries
from aiprov_otel.local.arm import Arm, ModelArm, arm, rate
from aiprov_otel.local.failure import Failure, latest_failure
from aiprov_otel.local.verdict import Verdict, verdict
from aiprov_otel.values import Origin

if TYPE_CHECKING:
    from aiprov_otel.local.store import Store

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
    """

    spans: int
    units: int
    known_share: float | None
    weak_share: float | None
    matches: Mapping[str, float]


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
        arms: by origin.
        models: by origin, agent and model, of AI-written and mixed code.
        exceptions: the most frequent errors, by the line that raised them.
        functions: those with most errors.
        slowest: the functions that most time was spent in, without what they called.
        failure: the most recent failing request with a stack trace; None where there is none.
    """

    verdict: Verdict
    coverage: Coverage
    arms: tuple[Arm, ...]
    models: tuple[ModelArm, ...]
    exceptions: tuple[Raised, ...]
    functions: tuple[Function, ...]
    slowest: tuple[Function, ...]
    failure: Failure | None

    def to_json(self) -> dict[str, Any]:
        """What `aiprov report --json` prints."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """
        Read what `to_json` gave.

        Raises:
            StoreError: it has another shape.
        """
        try:
            failure = document["failure"]
            return cls(
                Verdict(**document["verdict"]),
                Coverage(**document["coverage"]),
                tuple(Arm(**row) for row in document["arms"]),
                tuple(ModelArm(**row) for row in document["models"]),
                tuple(Raised(**row) for row in document["exceptions"]),
                tuple(Function(**row) for row in document["functions"]),
                tuple(Function(**row) for row in document["slowest"]),
                Failure.from_json(failure) if failure else None,
            )
        except (KeyError, TypeError) as error:
            msg = f"this is no report of this version of aiprov ({error}); use one on both sides"
            raise StoreError(msg) from error


def report(store: Store, *, since: int = 0) -> Report:
    """
    The report on what *store* holds, of spans that began at *since* or later (Unix nanoseconds).

    Raises:
        StoreError: the store can't be read.
    """
    with store.reader() as reader:
        reader.query("BEGIN")  # all questions are asked of the same moment
        for statement in prepared.PREPARE:
            reader.query(statement.format(since=int(since)))
        arms = tuple(_arm(row) for row in reader.query(queries.by("Origin")))
        return Report(
            verdict(arms),
            _coverage(reader),
            arms,
            _models(reader),
            tuple(Raised(*row) for row in reader.query(queries.TOP_EXCEPTIONS)),
            tuple(_function(row) for row in reader.query(queries.FAILING)),
            tuple(_function(row) for row in reader.query(queries.SLOWEST)),
            latest_failure(reader),
        )


def _coverage(reader: Store) -> Coverage:
    ((spans, units, known, weak),) = reader.query(queries.COVERAGE)
    return Coverage(spans, units, known, weak, dict(reader.query(queries.MATCHES)))


def _arm(row: Sequence[Any]) -> Arm:
    origin, functions, calls, errors, *latencies = row
    return arm(origin, functions, calls, errors, (latencies[0], latencies[1]))


def _models(reader: Store) -> tuple[ModelArm, ...]:
    return tuple(
        ModelArm(**asdict(_arm((origin, *counts))), agent=agent, model=model)
        for origin, agent, model, *counts in reader.query(queries.by("Origin", "Agent", "Model"))
        if origin in _WITH_MODEL
    )


def _function(row: Sequence[Any]) -> Function:
    function, origin, agent, model, commit, calls, errors, spent, p50, p95 = row
    found = rate(errors, calls)
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
