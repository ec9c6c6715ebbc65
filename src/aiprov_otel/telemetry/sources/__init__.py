"""The places that a report can read spans from, one module for each kind of address."""

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
    Opens the spans at *address*: a file, a folder or a ClickHouse.

    Raises:
        UsageError: *address* is of another kind.
        StoreError: it can't be read.
    """
    from aiprov_otel.telemetry.sources import clickhouse, files
    from aiprov_otel.telemetry.sources.http import redacted

    if address.startswith("clickhouse://"):
        with clickhouse.opened(address) as source:
            yield source
    elif "://" in address:
        msg = f"{redacted(address)} is not a place of spans: name a file, or {_KINDS}"
        raise UsageError(msg)
    else:
        with files.opened(Path(address)) as source:
            yield source


_KINDS: Final = "clickhouse://host:8123/database, or a receiver, http://127.0.0.1:4318"
