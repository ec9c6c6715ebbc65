"""Standard `logging`: each record says who wrote the line that logged, and the one that raised."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from aiprov_otel.attributes import CODE, EXCEPTION_ORIGIN, ORIGIN
from aiprov_otel.runtime import state, told
from aiprov_otel.runtime.annotator import Annotator
from aiprov_otel.runtime.guard import swallow
from aiprov_otel.runtime.patching import Patches


def hook(patches: Patches) -> None:
    """
    Meet the records of every logger, once they are made.

    Not through the record factory: that is the application's to replace, before or after us, and
    what it returns may not yet hold what `extra` will, nor clash with it.
    """
    patches.replace(logging.Logger, "makeRecord", _making)


def _making(original: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
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
    """Say on *record* what nobody has said on it."""
    said = record.__dict__
    if (found := annotator.lines.at(record.pathname, record.lineno)) and ORIGIN not in said:
        if said.keys().isdisjoint(found):
            said.update(found)
        else:
            said.update({key: value for key, value in found.items() if key not in said})
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is not None and EXCEPTION_ORIGIN not in said:
        told.is_logging(error)
        # `code.*` on a log record is the line that logged, and the handler's to say.
        for key, value in annotator.exception(error).event.items():
            if key not in CODE:
                said.setdefault(key, value)
