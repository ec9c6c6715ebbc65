"""Origins in the traceback of an unhandled exception, under `AIPROV_ANNOTATED_TRACEBACK`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from traceback import TracebackException
from typing import Any

from aiprov_otel.runtime import state
from aiprov_otel.runtime.guard import swallow
from aiprov_otel.runtime.interrupts import is_foreign
from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.resolver import LoadedFile, Resolver
from aiprov_otel.stacktrace.annotate import format_trace
from aiprov_otel.stacktrace.frames import annotate, name_below_packages

PrintHook = Callable[..., None]


def instrument(patches: Patches) -> None:
    """Annotate printed tracebacks; the hook of another tool prints as before."""
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
