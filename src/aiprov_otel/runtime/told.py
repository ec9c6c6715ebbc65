"""Which exceptions the logs API was told of, so that none is told twice."""

from __future__ import annotations

from threading import local
from weakref import ref

from aiprov_otel.runtime.exception_state import Met, met


class _Logging(local):
    error: ref[Met] | None = None  # a thread may log nothing more, and must keep nothing alive


_logging = _Logging()


def remember(error: BaseException) -> None:
    """The logs API was told of *error*."""
    met(error).told = True


def knows(error: BaseException) -> bool:
    """Whether the logs API was told of *error*."""
    return met(error).told


def is_logging(error: BaseException) -> None:
    """This thread logs *error*; a handler may take the record to the logs API, or may not."""
    _logging.error = ref(met(error))


def was_logged() -> None:
    """A handler took the exception that this thread logs to the logs API."""
    if _logging.error is not None and (known := _logging.error()) is not None:
        known.told = True
    _logging.error = None
