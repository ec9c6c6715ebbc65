"""Standard `logging`: each record names the line that logged, and the line that raised."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from aiprov_otel.attributes import CODE, EXCEPTION_ORIGIN, ORIGIN
from aiprov_otel.runtime import exception_state, outcomes, state
from aiprov_otel.runtime.annotator import Annotator
from aiprov_otel.runtime.guard import swallow
from aiprov_otel.runtime.patching import Patches

_STANDARD: Final = len(vars(logging.makeLogRecord({})))
"""Attributes of a record without `extra`."""


def instrument(patches: Patches) -> None:
    """
    Annotate the records of every logger, once they are made.

    Not through the record factory: the application may replace that before or after us, and the
    record that it returns does not hold `extra` yet, nor clash with it.
    """
    patches.replace(logging.Logger, "makeRecord", _wrap_make_record)


def _wrap_make_record(
    original: Callable[..., logging.LogRecord],
) -> Callable[..., logging.LogRecord]:
    @wraps(original)
    def makeRecord(*args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: N802 (its name)
        record = original(*args, **kwargs)
        try:
            if (annotator := state.current) is not None:
                _annotate(record, annotator)
        except Exception as error:  # noqa: BLE001 (a hot path: the guard without its block)
            swallow(error)
        return record

    return makeRecord


def _annotate(record: logging.LogRecord, annotator: Annotator) -> None:
    """Add what is missing to *record*: its own attributes win, and come after ours."""
    values = record.__dict__
    ours = annotator.lines.at(record.pathname, record.lineno) if ORIGIN not in values else {}
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is not None and EXCEPTION_ORIGIN not in values:
        exception_state.start_logging(error)
        # On a log record, `code.*` is the line that logged, and the handler sets it.
        event = annotator.exception(error).event
        ours = ours | {key: event[key] for key in event if key not in CODE}
        if record.levelno >= logging.ERROR:
            outcomes.logged(error)
    if ours and len(values) > _STANDARD:
        # A handler may send so many attributes at most, and drops the first ones.
        record.__dict__ = {**ours, **values}
    else:
        values.update(ours)
