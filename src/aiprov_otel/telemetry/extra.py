"""What the extra `local` brings, and the one line for whoever lacks it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from aiprov_otel.errors import UsageError

_BROUGHT = {"duckdb", "jinja2", "numpy", "opentelemetry", "rich"}


@contextmanager
def local_extra() -> Iterator[None]:
    """
    Import what the extra `local` brings inside this block.

    SIGINT and SIGTERM wait until it ends: inside the import of DuckDB they abort the process.

    Raises:
        UsageError: it is not installed.
    """
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _BROUGHT:
            raise
        msg = f"{error.name} is missing; install it with `pip install 'aiprov-otel[local]'`"
        raise UsageError(msg) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
