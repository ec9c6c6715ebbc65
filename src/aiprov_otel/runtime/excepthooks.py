"""Unhandled exceptions: one log record each, and origins in the traceback that is printed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from traceback import TracebackException
from typing import Any, Final

from opentelemetry._logs import SeverityNumber

from aiprov_otel import settings
from aiprov_otel.runtime import exception_logs, exception_state, outcomes, state
from aiprov_otel.runtime.exception_state import is_failure
from aiprov_otel.runtime.guard import guard, swallow
from aiprov_otel.runtime.interrupts import is_foreign
from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.resolver import LoadedFile, Resolver
from aiprov_otel.stacktrace.annotate import format_trace
from aiprov_otel.stacktrace.frames import annotate, name_below_packages
from aiprov_otel.values import Outcome

_LogHook = Callable[..., Any]
_UNHANDLED: Final = "Unhandled exception"


def instrument(patches: Patches) -> None:
    """Print annotated tracebacks and log unhandled exceptions; hooks already set run as before."""
    _annotate_printed(patches)  # it prints, so it comes below those that only pass on
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


PrintHook = Callable[..., None]


def _annotate_printed(patches: Patches) -> None:
    """
    Annotate printed tracebacks if `AIPROV_ANNOTATED_TRACEBACK` is set.

    Only Python's own hooks are replaced: the hook of another tool prints as before.
    """
    if not settings.read().annotated_traceback:
        return
    for owner, name, original, make in (
        (sys, "excepthook", sys.__excepthook__, _print_unhandled),
        (threading, "excepthook", threading.__excepthook__, _print_in_thread),
        (sys, "unraisablehook", sys.__unraisablehook__, _print_unraisable),
    ):
        if getattr(owner, name) is original:
            patches.replace(owner, name, make)


def _print_unhandled(original: PrintHook) -> PrintHook:
    @wraps(original)
    def excepthook(kind: Any, error: Any, traceback: Any) -> None:
        if not _printed("", error, traceback):
            original(kind, error, traceback)

    return excepthook


def _print_in_thread(original: PrintHook) -> PrintHook:
    @wraps(original)
    def excepthook(args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else threading.get_ident()
        header = f"Exception in thread {name}:\n"
        # SystemExit ends a thread without a word.
        if args.exc_type is SystemExit or not _printed(header, args.exc_value, args.exc_traceback):
            original(args)

    return excepthook


def _print_unraisable(original: PrintHook) -> PrintHook:
    is_finalizing = sys.is_finalizing  # the globals of this module are cleared late in shutdown

    @wraps(original)
    def unraisablehook(args: sys.UnraisableHookArgs) -> None:
        if is_finalizing() or not _printed(
            _about(args), args.exc_value, args.exc_traceback, chain=False
        ):
            original(args)

    return unraisablehook


def _about(args: sys.UnraisableHookArgs) -> str:
    if args.object is None:
        return f"{args.err_msg}:\n" if args.err_msg else ""
    try:
        name = repr(args.object)
    except Exception as error:
        if is_foreign(error, in_call=True):
            raise
        name = "<object repr() failed>"  # as Python itself prints it
    return f"{args.err_msg or 'Exception ignored in'}: {name}\n"


def _printed(
    header: str, error: BaseException | None, traceback: Any, *, chain: bool = True
) -> bool:
    """Whether *error* was printed; if not, Python must print it."""
    annotator = state.annotator()
    if annotator is None or error is None or sys.stderr is None:
        return False
    try:
        parts = TracebackException(type(error), error, traceback).format(chain=chain)
        text = header + "".join(parts)
        sys.stderr.write(annotated(text, annotator.resolver))
        sys.stderr.flush()
    except Exception as failed:  # noqa: BLE001 (a stack trace must not be lost over who wrote it)
        swallow(failed, in_call=True)
        return False
    return True


def annotated(text: str, resolver: Resolver) -> str:
    """*text*, with the origin of the line of each application frame."""
    lines = annotate(text, _Loaded(resolver))
    ends = (
        line[len(known.text) :] for line, known in zip(text.splitlines(True), lines, strict=True)
    )
    return "".join(line + end for line, end in zip(format_trace(lines), ends, strict=True))


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    import_path: str
    loaded: LoadedFile


class _Loaded:
    """The files of the application, by the names that this process knows them by."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def with_tail(self, filename: str) -> list[_File]:
        """The file that was loaded as *filename*, if it is the application's."""
        found = self._resolver.file(filename)
        name = name_below_packages(filename) or filename
        return [_File(found.path, name, found)] if found else []

    def source(self, file: _File) -> LoadedFile:
        """Its lines."""
        return file.loaded
