"""Where a report may come from: one module for each kind of address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aiprov_otel.errors import UsageError

if TYPE_CHECKING:
    from aiprov_otel.local.store import Store


@contextmanager
def opened(address: str) -> Iterator[Store]:
    """
    The spans at *address*: a file or folder.

    Raises:
        UsageError: there is no such kind of address.
        StoreError: nothing is there, or nothing that can be read.
    """
    if "://" in address:
        msg = f"{address} is no address of spans: name a file, a folder or a receiver (http://…)"
        raise UsageError(msg)
    from aiprov_otel.local.sources import files

    with files.opened(Path(address)) as source:
        yield source
