"""Failing requests: the spans of each, and the stack trace of its exception."""

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
    """One span of a trace, *depth* levels below its root; it began *begin_ms* after the first."""

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
    begin_ms: float


@dataclass(frozen=True, slots=True)
class Failure:
    """
    A request that failed with an exception; or other work, such as a job or the start of a service.

    Attributes:
        trace_id: of the request.
        is_request: whether it came from a client or a queue.
        time: when it failed, RFC 3339.
        type: of the exception.
        origin: of the line that raised it, as are agent, model, commit, path and line.
        stacktrace: the longest that was recorded.
        steps: the spans of the request, each below its parent, in order of time.
    """

    trace_id: str
    is_request: bool
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
    """Yields the latest failure of each of the last five lines that raised, newest first."""
    for row in reader.query(sql.query("latest_failures")):
        yield read_failure(reader, row)


def read_failure(reader: Reader, row: Sequence[Any]) -> Failure:
    """The failure that *row* of `latest_failures.sql` or `failure.sql` is about."""
    trace, entry, is_request, time, kind, origin, agent, model, commit, *raising = row
    path, line, stacktrace = raising
    same = {"trace": trace, "type": kind, "line": line}
    longest = reader.query(sql.query("longest_stacktrace"), same)
    # Above the outermost request there may be the whole life of a server.
    around = reader.query(sql.query("outermost_request"), {"trace": trace, "entry": entry})
    top = around[0][0] if around else entry
    spans = reader.query(sql.query("request"), {"trace": trace, "top": top})
    return Failure(
        trace,
        is_request,
        rfc3339(time),
        kind,
        origin,
        agent,
        model,
        commit,
        path or "",
        line,
        longest[0][0] if longest else stacktrace or "",
        tuple(_tree(spans)),
    )


def _tree(spans: Sequence[tuple[Any, ...]]) -> Iterator[Step]:
    """Yields each span below its parent; spans whose parent was not received are roots."""
    ids = {span for span, *_ in spans}
    children: dict[str, list[tuple[Any, ...]]] = {}
    for row in spans:
        children.setdefault(row[1] if row[1] in ids else "", []).append(row)
    waiting = [(0, row) for row in reversed(children.pop("", []))]
    while waiting:
        depth, (span, _, *values) = waiting.pop()
        yield Step(depth, *values)
        waiting += ((depth + 1, row) for row in reversed(children.pop(span, [])))
