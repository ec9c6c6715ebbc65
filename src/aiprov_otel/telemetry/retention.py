"""How long, and how much, a store keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aiprov_otel.telemetry.store import Store

DAYS: Final = 30.0
"""How old a trace may become, where nobody says otherwise."""

GIB: Final = 4.0
"""How large the file may become, where nobody says otherwise."""

_DAY: Final = 86_400 * 10**9  # nanoseconds
_GIB: Final = 2**30
_LESS: Final = 0.8  # of what is allowed: a store that is full is not pruned at every look

_SIZE: Final = """
SELECT (total_blocks - free_blocks) * block_size FROM pragma_database_size()
WHERE database_name = current_database()
"""
_ENDED: Final = "SELECT TraceId FROM otel_traces GROUP BY TraceId HAVING max(Timestamp) < {}"


@dataclass(frozen=True, slots=True)
class Retention:
    """
    What is kept of what was received.

    Attributes:
        days: traces of which no span began within so many days go.
        gib: the oldest traces go when the file holds more GiB than this.
    """

    days: float = DAYS
    gib: float = GIB

    def prune(self, store: Store, now: int) -> int:
        """
        Delete what is too old at *now* (Unix nanoseconds), and the oldest of what is too much.

        Only whole traces go. The file itself does not shrink: what is free in it is used again.
        Returns how many spans went.

        Raises:
            StoreError: the store can't be written.
        """
        gone = _delete(store, f"make_timestamp_ns({now - int(self.days * _DAY)})")
        store.checkpoint()
        ((size,),) = store.query(_SIZE)
        if size > self.gib * _GIB:
            surplus = 1 - self.gib * _GIB * _LESS / size
            oldest = f"(SELECT quantile_disc(Timestamp, {surplus}) FROM otel_traces)"
            gone += _delete(store, oldest)
            store.checkpoint()
        return gone


def _delete(store: Store, moment: str) -> int:
    ended = _ENDED.format(moment)
    ((gone,),) = store.query(f"DELETE FROM otel_traces WHERE TraceId IN ({ended})")
    return int(gone)
