"""Failing requests: the spans of each, and the stack trace of what failed it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiprov_otel.report import sql
from aiprov_otel.report.trends import rfc3339

if TYPE_CHECKING:
    from aiprov_otel.telemetry.source import Reader


@dataclass(frozen=True, slots=True)
class Step:
    """One span of a trace, *depth* levels below its root."""

    depth: int
    name: str
    kind: str
    service: str
    ms: float
    failed: bool
    origin: str | None
    agent: str | None
    model: str | None
    commit: str | None
    function: str | None


@dataclass(frozen=True, slots=True)
class Failure:
    """
    A request that failed with an exception, and whose line raised it.

    Attributes:
        trace_id: of the request.
        time: when it failed, RFC 3339.
        type: of the exception.
        origin: of the line that raised it; agent, model, commit, path and line are that line's.
        stacktrace: as Python printed it, the longest that was recorded.
        steps: the spans of the trace, each below its parent, in order of time.
    """

    trace_id: str
    time: str
    type: str
    origin: str
    agent: str | None
    model: str | None
    commit: str | None
    path: str
    line: int | None
    stacktrace: str
    steps: tuple[Step, ...]


def latest_failures(reader: Reader) -> Iterator[Failure]:
    """Of the last five lines that raised an error with a stack trace the latest, newest first."""
    for trace, time, kind, origin, agent, model, commit, path, line, stacktrace in reader.query(
        sql.query("latest_failures")
    ):
        longest = reader.query(
            sql.query("longest_stacktrace"), {"trace": trace, "type": kind, "line": line}
        )
        yield Failure(
            trace_id=trace,
            time=rfc3339(time),
            type=kind,
            origin=origin,
            agent=agent,
            model=model,
            commit=commit,
            path=path,
            line=line,
            stacktrace=longest[0][0] if longest else stacktrace,
            steps=tuple(_tree(reader.query(sql.query("trace"), {"trace": trace}))),
        )


def _tree(spans: Sequence[tuple[Any, ...]]) -> Iterator[Step]:
    """Each span below its parent; spans whose parent was not received stand at the top."""
    known = {span for span, *_ in spans}
    children: dict[str, list[tuple[Any, ...]]] = {}
    for row in spans:
        children.setdefault(row[1] if row[1] in known else "", []).append(row)
    waiting = [(0, row) for row in reversed(children.pop("", []))]
    while waiting:
        depth, (span, _, *shown) = waiting.pop()
        yield Step(depth, *shown)
        waiting += ((depth + 1, row) for row in reversed(children.pop(span, [])))
