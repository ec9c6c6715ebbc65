"""Deletes old traces from the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aiprov_otel.telemetry.store import Store

DAYS: Final = 30.0
"""How old a trace may become, by default."""

GIB: Final = 4.0
"""How large the file may become, by default."""

_DAY: Final = 86_400 * 10**9  # nanoseconds
_GIB: Final = 2**30
_REMAINDER: Final = 0.8  # of the limit: a full store is not pruned at every check

_SIZE: Final = """
SELECT (total_blocks - free_blocks) * block_size FROM pragma_database_size()
WHERE database_name = current_database()
"""
_ENDED: Final = "SELECT TraceId FROM otel_traces GROUP BY TraceId HAVING max(Timestamp) < {}"


@dataclass(frozen=True, slots=True)
class Retention:
    """
    How much of the received traces is kept.

    Attributes:
        days: a trace is deleted when none of its spans began within so many days.
        gib: the oldest traces are deleted when the file holds more GiB than this.
    """

    days: float = DAYS
    gib: float = GIB

    def prune(self, store: Store, now: int) -> int:
        """
        Deletes the traces that are too old at *now* (Unix nanoseconds) or too many.

        Only whole traces are deleted. The file does not shrink; free blocks in it are used again.
        Returns the number of deleted spans.

        Raises:
            StoreError: the store can't be written.
        """
        deleted = _delete(store, f"make_timestamp_ns({now - int(self.days * _DAY)})")
        store.checkpoint()
        ((size,),) = store.query(_SIZE)
        if size > self.gib * _GIB:
            surplus = 1 - self.gib * _GIB * _REMAINDER / size
            oldest = f"(SELECT quantile_disc(Timestamp, {surplus}) FROM otel_traces)"
            deleted += _delete(store, oldest)
            store.checkpoint()
        return deleted


def _delete(store: Store, moment: str) -> int:
    ended = _ENDED.format(moment)
    ((deleted,),) = store.query(f"DELETE FROM otel_traces WHERE TraceId IN ({ended})")
    return int(deleted)
