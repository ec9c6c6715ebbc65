"""A look at the spans of a source: one snapshot, whose tables are created when they are needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aiprov_otel.report import sql

if TYPE_CHECKING:
    from aiprov_otel.telemetry.source import Reader, Source


class Session:
    """
    Queries on the spans of one *run* that began at *since* (Unix nanoseconds) or later.

    Attributes:
        reader: the source's session.
        since: as it was given.
        run: as it was given; None for all runs.
    """

    def __init__(self, reader: Reader, *, since: int = 0, run: str | None = None) -> None:
        self.reader = reader
        self.since = since
        self.run = run
        self._created: set[str] = set()
        self._answers: dict[str, list[tuple[Any, ...]]] = {}

    def create(self, tables: Iterable[str]) -> None:
        """Creates those of *tables*, names of `sql.TABLES` in their order, that are missing."""
        for name in tables:
            if name not in self._created:
                self.reader.query(sql.table(name, since=self.since, run=self._filter))
                self._created.add(name)

    @cached_property
    def _filter(self) -> str | None:
        """
        The run to select spans by; None if all belong to it, now and for later statements.

        Its id is in the attributes of each span's resource, and every statement would read them.
        """
        if self.run is None or not self.reader.has_snapshots:
            return self.run
        present = {run for run, _ in self.query("runs", since=self.since)}
        return None if present == {self.run} else self.run

    def query(
        self, name: str, values: Mapping[str, Any] | None = None, /, **fill: Any
    ) -> list[tuple[Any, ...]]:
        """
        Returns the result of the query *name* of `report/sql`, for *values*.

        The views of a page have questions in common: one without *values* is read once.

        Raises:
            StoreError: the source can't be read.
        """
        text = sql.query(name, **fill)
        if values:
            return self.reader.query(text, values)
        if text not in self._answers:
            self._answers[text] = self.reader.query(text)
        return self._answers[text]


@contextmanager
def opened(source: Source, *, since: int = 0, run: str | None = None) -> Iterator[Session]:
    """A session on *source*, which ends with the block."""
    with snapshot(source) as reader:
        yield Session(reader, since=since, run=run)


@contextmanager
def snapshot(source: Source) -> Iterator[Reader]:
    """A reader of *source* that sees it as it is now, until the block ends."""
    with source.reader() as reader:
        reader.begin()
        yield reader
