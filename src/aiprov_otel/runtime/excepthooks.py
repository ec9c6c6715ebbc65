"""Exceptions that nobody handles: one log record each, beside what Python does of them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from opentelemetry._logs import SeverityNumber

from aiprov_otel.runtime import exception_logs, metrics, state, told
from aiprov_otel.runtime.exception_state import is_failure
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.patching import Patches

_Hook = Callable[..., Any]
_UNHANDLED: Final = "Unhandled exception"


def hook(patches: Patches) -> None:
    """Meet the three hooks of Python; whoever stands there already is called as before."""
    patches.replace(sys, "excepthook", _process_dies)
    patches.replace(threading, "excepthook", _thread_dies)
    patches.replace(sys, "unraisablehook", _ignored)


def _process_dies(original: _Hook) -> _Hook:
    @wraps(original)
    def excepthook(kind: Any, error: Any, traceback: Any) -> Any:
        try:
            return original(kind, error, traceback)
        finally:
            _tell(error, SeverityNumber.FATAL, _UNHANDLED)

    return excepthook


def _thread_dies(original: _Hook) -> _Hook:
    @wraps(original)
    def excepthook(args: Any) -> Any:
        try:
            return original(args)
        finally:
            name = getattr(args.thread, "name", None)
            where = f"{_UNHANDLED} in thread {name}" if name else _UNHANDLED
            _tell(args.exc_value, SeverityNumber.ERROR, where)

    return excepthook


def _ignored(original: _Hook) -> _Hook:
    is_finalizing = sys.is_finalizing  # of what runs last, the globals of this module are gone

    @wraps(original)
    def unraisablehook(unraisable: Any) -> Any:
        try:
            return original(unraisable)
        finally:
            if not is_finalizing():
                body = unraisable.err_msg or "Exception ignored"
                _tell(unraisable.exc_value, SeverityNumber.ERROR, body)

    return unraisablehook


def _tell(error: Any, severity: SeverityNumber, body: str) -> None:
    """Emit *error*, if it is a failure that the logs API was not told of."""
    if sys.is_finalizing():
        return  # providers have been shut down, and would complain
    with guard:
        annotator = state.annotator()
        if annotator is None or not is_failure(error):
            return
        event = annotator.exception(error).event
        metrics.count(error, event)
        if not told.knows(error):
            exception_logs.emit(error, event, severity, body=body)
