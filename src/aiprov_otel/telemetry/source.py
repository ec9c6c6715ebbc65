"""What a report needs of wherever the spans are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self


class Reader(Protocol):
    """A session of questions: the temporary tables that it makes go with it."""

    def __enter__(self) -> Self:
        """Begin the session."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """End it."""

    def begin(self) -> None:
        """Let all questions that follow be about the same moment, where the source can."""

    def query(
        self, sql: str, values: Sequence[Any] | Mapping[str, Any] = (), /
    ) -> list[tuple[Any, ...]]:
        """
        The rows that *sql*, in the common dialect (`local.dialect`), answers with.

        Raises:
            StoreError: the source can't be asked.
        """


class Source(Protocol):
    """Has a table `otel_traces` with the columns of `schema.COLUMNS`."""

    def reader(self) -> Reader:
        """A session of questions."""
