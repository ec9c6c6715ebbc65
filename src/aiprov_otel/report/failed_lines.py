"""The errors of single lines: what a person or a bot asks about before an edit."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiprov_otel.errors import UsageError
from aiprov_otel.report.prometheus import read_failed_functions

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from aiprov_otel.telemetry.source import Source

PROMETHEUS: Final = "prometheus://"
"""How the address of a source begins that counts functions, and knows no lines or commits."""

_DAY: Final = 86_400 * 10**9  # nanoseconds


@dataclass(frozen=True, slots=True)
class FailedLine:
    """
    The errors of one type that one line, or one function, raised.

    Attributes:
        function: as `code.function.name` has it: module and qualified name.
        path: relative to the repository, or as deployed; None where only functions are counted.
        line: in the deployed version of the file.
        type: of the exception.
        commit: that wrote the line.
        origin: of the line.
        errors: how many there were.
        latest: when the last one was, RFC 3339.
    """

    function: str | None
    path: str | None
    line: int | None
    type: str
    commit: str | None
    origin: str
    errors: int
    latest: str | None


def read_failed_lines(address: str | None, store: Path, days: float) -> tuple[FailedLine, ...]:
    """
    The errors of the last *days* at *address*, by default in the *store*, most errors first.

    Raises:
        UsageError: *address* is a receiver, which has no errors by line.
        StoreError: it can't be read.
    """
    if address and address.startswith(PROMETHEUS):
        return tuple(
            FailedLine(function, None, None, kind, None, origin, round(errors), None)
            for (function, kind, origin), errors in read_failed_functions(address, days)
        )
    if address and address.startswith(("http://", "https://")):
        msg = (
            "a receiver reports no errors by line: name its store, ClickHouse, Prometheus or a file"
        )
        raise UsageError(msg)
    with opened(address, store) as source:
        return failed_lines(source, since=since(days))


def since(days: float) -> int:
    """When the last *days* began, Unix nanoseconds."""
    return max(time.time_ns() - int(days * _DAY), 0)


def opened(address: str | None, store: Path) -> AbstractContextManager[Source]:
    """
    The spans at *address*, by default in the *store*.

    Raises:
        UsageError: *address* is of a kind that holds no spans.
        StoreError: it can't be read.
    """
    from aiprov_otel.telemetry import sources
    from aiprov_otel.telemetry.store import Store

    return sources.opened(address) if address else Store.read(store)


def failed_lines(source: Source, *, since: int = 0) -> tuple[FailedLine, ...]:
    """The errors of the spans in *source* that began at *since* (Unix ns) or later."""
    from aiprov_otel.report import session, sql
    from aiprov_otel.report.trends import rfc3339

    with session.opened(source, since=since) as spans:
        spans.create(sql.ERROR_TABLES)
        return tuple(
            FailedLine(function, path, line, kind, commit, origin, errors, rfc3339(latest))
            for function, path, line, kind, commit, origin, errors, latest in spans.query(
                "failed_lines"
            )
        )
