"""The interface between a report and a place that holds spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self


class Reader(Protocol):
    """
    A session of queries; its temporary tables end with it.

    Attributes:
        has_snapshots: whether all queries after `begin` see the same spans.
    """

    has_snapshots: bool

    def __enter__(self) -> Self:
        """Begins the session."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Ends the session."""

    def begin(self) -> None:
        """Lets the queries that follow see one snapshot, where the source supports that."""

    def query(
        self, sql: str, values: Sequence[Any] | Mapping[str, Any] = (), /
    ) -> list[tuple[Any, ...]]:
        """
        Returns the result of *sql*, written in the common dialect (`telemetry.sql_dialect`).

        Raises:
            StoreError: the query failed.
        """


class Source(Protocol):
    """A place with a table `otel_traces` that has the columns of `schema.COLUMNS`."""

    def reader(self) -> Reader:
        """Returns a new session of queries."""
