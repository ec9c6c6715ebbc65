"""What the extra `local` brings, and the one line for whoever lacks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aiprov_otel.errors import UsageError

_BROUGHT = {"duckdb", "opentelemetry", "rich"}


@contextmanager
def local_extra() -> Iterator[None]:
    """
    Import what the extra `local` brings inside this block.

    Raises:
        UsageError: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _BROUGHT:
            raise
        msg = f"{error.name} is missing; install it with `pip install 'aiprov-otel[local]'`"
        raise UsageError(msg) from error
