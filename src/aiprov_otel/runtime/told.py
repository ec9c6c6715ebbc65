"""Which exceptions the logs API was told of, so that none is told twice."""

from __future__ import annotations

from threading import local

from aiprov_otel.runtime.failures import Met, met


class _Logging(local):
    error: Met | None = None


_logging = _Logging()


def remember(error: BaseException) -> None:
    """The logs API was told of *error*."""
    met(error).told = True


def knows(error: BaseException) -> bool:
    """Whether the logs API was told of *error*."""
    return met(error).told


def is_logging(error: BaseException) -> None:
    """This thread logs *error*; a handler may take the record to the logs API, or may not."""
    _logging.error = met(error)


def was_logged() -> None:
    """A handler took the exception that this thread logs to the logs API."""
    if _logging.error is not None:
        _logging.error.told = True
        _logging.error = None
