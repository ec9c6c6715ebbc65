"""The packages of the extra `local`, and the message when one is missing."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiprov_otel.errors import UsageError

_PACKAGES: Final = {
    *("anyio", "duckdb", "google", "h11", "jinja2", "numpy"),
    *("opentelemetry", "packaging", "rich", "starlette", "uvicorn"),
}


@contextmanager
def local_extra() -> Iterator[None]:
    """
    Import packages of the extra `local` inside this block.

    SIGINT and SIGTERM wait until it ends: during the import of DuckDB they abort the process.

    Raises:
        UsageError: the extra is not installed.
    """
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PACKAGES:
            raise
        msg = f"{error.name} is missing; install it with `pip install 'aiprov-otel[local]'`"
        raise UsageError(msg) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
