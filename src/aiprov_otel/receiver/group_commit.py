"""Group commit: batches that arrive at the same time become durable in one transaction."""

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


class GroupCommit:
    """
    Stores what several threads hand over at the same time in one transaction.

    A transaction takes as long for one batch as for twenty. While one is written, the next batches
    gather; the first thread to get its turn writes all of them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._gathered: list[_Batch] = []

    def add(self, lines: bytes) -> None:
        """
        Stores the rows of *lines*, made by `schema.line`; they are on the disk when this returns.

        Raises:
            RowError: the store can't take a row of them.
            StoreError: they are not stored, and may be sent again.
        """
        batch = _Batch(lines)
        with self._lock:
            self._gathered.append(batch)
        with self._turn:
            if not batch.done:
                self._commit()
        try:
            if batch.problem:
                raise batch.problem
        finally:
            batch.problem = None  # else it and its traceback keep each other until a collection

    def _commit(self) -> None:
        with self._lock:
            batches, self._gathered = self._gathered, []
        if not self._write(batches) and len(batches) > 1:
            for batch in batches:  # one bad batch must not fail the others
                self._write([batch])

    def _write(self, batches: list[_Batch]) -> bool:
        for batch in batches:
            batch.done, batch.problem = True, None
        try:
            self._store.add_lines(b"".join(batch.lines for batch in batches))
        except Exception as error:  # noqa: BLE001 (each waiting thread raises it)
            for batch in batches:
                batch.problem = error
            return False
        return True
