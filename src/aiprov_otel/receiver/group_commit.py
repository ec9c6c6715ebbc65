"""Group commit: batches that arrive at the same time become durable together."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiprov_otel.telemetry.store import Store


@dataclass(slots=True)
class _Batch:
    lines: bytes
    done: bool = False
    problem: Exception | None = None


class Commits:
    """
    Puts what threads hand over at the same time into one transaction of *store*.

    While one transaction is written, which takes as long for one batch as for twenty, the next
    batches gather; whoever comes to its turn first writes for all of them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._gathered: list[_Batch] = []

    def add(self, lines: bytes) -> None:
        """
        Store the rows that `schema.lines` gave; they are on the disk when this returns.

        Raises:
            StoreError: they are not, and may be sent again.
        """
        batch = _Batch(lines)
        with self._lock:
            self._gathered.append(batch)
        with self._turn:
            if not batch.done:
                self._commit()
        if batch.problem:
            raise batch.problem

    def _commit(self) -> None:
        with self._lock:
            batches, self._gathered = self._gathered, []
        if not self._written(batches) and len(batches) > 1:
            for batch in batches:  # what is wrong with one is not the fault of the others
                self._written([batch])

    def _written(self, batches: list[_Batch]) -> bool:
        problem: Exception | None = None
        try:
            self._store.add_lines(b"".join(batch.lines for batch in batches))
        except Exception as error:  # noqa: BLE001 (each of those who wait raises it)
            problem = error
        for batch in batches:
            batch.done, batch.problem = True, problem
        return problem is None
