"""Where a report may come from: one module for each kind of address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiprov_otel.errors import UsageError

if TYPE_CHECKING:
    from aiprov_otel.telemetry.source import Source


@contextmanager
def opened(address: str) -> Iterator[Source]:
    """
    The spans at *address*: a file, a folder or a ClickHouse.

    Raises:
        UsageError: there is no such kind of address.
        StoreError: nothing is there, or nothing that can be read.
    """
    from aiprov_otel.telemetry.sources import clickhouse, files

    if address.startswith("clickhouse://"):
        with clickhouse.opened(address) as source:
            yield source
    elif "://" in address:
        msg = f"{address} is no address of spans: name a file, or {_KINDS}"
        raise UsageError(msg)
    else:
        with files.opened(Path(address)) as source:
            yield source


_KINDS: Final = "clickhouse://host:8123/database, or a receiver, http://127.0.0.1:4318"
