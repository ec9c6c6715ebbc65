"""Unhandled exceptions: one log record each."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from opentelemetry._logs import SeverityNumber

from aiprov_otel import settings
from aiprov_otel.runtime import exception_logs, exception_state, outcomes, state
from aiprov_otel.runtime.exception_state import is_failure
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.patching import Patches
from aiprov_otel.values import Outcome

_LogHook = Callable[..., Any]
_UNHANDLED: Final = "Unhandled exception"


def instrument(patches: Patches) -> None:
    """Print annotated tracebacks and log unhandled exceptions; hooks already set run as before."""
    if settings.read().annotated_traceback:
        from aiprov_otel.runtime import printed_tracebacks  # most services print as Python does

        # It prints, so it comes below those that only pass on.
        printed_tracebacks.instrument(patches)
    patches.replace(sys, "excepthook", _wrap_excepthook)
    patches.replace(threading, "excepthook", _wrap_thread_excepthook)
    patches.replace(sys, "unraisablehook", _wrap_unraisablehook)


def _wrap_excepthook(original: _LogHook) -> _LogHook:
    @wraps(original)
    def excepthook(kind: Any, error: Any, traceback: Any) -> Any:
        try:
            return original(kind, error, traceback)
        finally:
            _emit(error, SeverityNumber.FATAL, _UNHANDLED)

    return excepthook


def _wrap_thread_excepthook(original: _LogHook) -> _LogHook:
    @wraps(original)
    def excepthook(args: Any) -> Any:
        try:
            return original(args)
        finally:
            name = getattr(args.thread, "name", None)
            where = f"{_UNHANDLED} in thread {name}" if name else _UNHANDLED
            _emit(args.exc_value, SeverityNumber.ERROR, where)

    return excepthook


def _wrap_unraisablehook(original: _LogHook) -> _LogHook:
    is_finalizing = sys.is_finalizing  # the globals of this module are cleared late in shutdown

    @wraps(original)
    def unraisablehook(unraisable: Any) -> Any:
        try:
            return original(unraisable)
        finally:
            if not is_finalizing():
                body = unraisable.err_msg or "Exception ignored"
                _emit(unraisable.exc_value, SeverityNumber.ERROR, body, Outcome.HANDLED)

    return unraisablehook


def _emit(
    error: Any, severity: SeverityNumber, body: str, outcome: Outcome = Outcome.ESCAPED
) -> None:
    """Emit *error*, if it is a failure that was not sent to the logs API before."""
    if sys.is_finalizing():
        return  # providers have been shut down, and would complain
    with guard:
        annotator = state.annotator()
        if annotator is None or not is_failure(error):
            return
        event = annotator.exception(error).event
        outcomes.unhandled(error, event, outcome)
        if not exception_state.was_remembered(error):
            exception_logs.emit(error, event, severity, body=body)
