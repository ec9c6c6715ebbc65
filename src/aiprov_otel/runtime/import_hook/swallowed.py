"""
Exceptions that an `except` handled for good, counted where the handler is left.

They are counted by the line that raised. Provenance is looked up once per line and class; the
metric reads the counts when it is collected.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from types import FrameType, TracebackType
from typing import Any, Final, TypeAlias
from weakref import ref

from opentelemetry.metrics import CallbackOptions, Observation

from aiprov_otel.runtime import metrics, state
from aiprov_otel.runtime.annotator import Annotator
from aiprov_otel.runtime.exception_state import (
    ENDS,
    Tally,
    context_of,
    first_handled,
    is_failure,
    is_group,
    leaves_of,
    traceback_of,
)
from aiprov_otel.runtime.guard import call_guard, guard, swallow
from aiprov_otel.runtime.import_hook.counters import MODULE, Row
from aiprov_otel.runtime.metrics import Kind
from aiprov_otel.values import MISSING, Provenance

_LINES: Final = 10_000
"""Lines and functions in a cache before it starts afresh."""

Ref: TypeAlias = "ref[Any]"
_NO_CODE: Final = (lambda: None).__code__
"""Stands for the code of an exception that has no step in the application."""

_tallies: Final[dict[Kind, Tally]] = {}
_sent: Final[Counter[Kind]] = Counter()
_lines: _Lines | None = None
_lock = threading.Lock()


def tally(error: BaseException, step: TracebackType | None) -> None:
    """Count *error*, which came along *step*, as handled, unless it was counted before."""
    global _lines
    if (annotator := state.current) is None:
        return
    if (lines := _lines) is None or lines.of() is not annotator:
        _lines = lines = _Lines(annotator)
    if (tally := lines.tally(annotator, error, step)) is not None:
        first_handled(error, tally)


def send(_: CallbackOptions) -> list[Observation]:
    """Pass new counts on to the metric; a callback, which itself has nothing to observe."""
    with guard, _lock:
        for kind, tally in list(_tallies.items()):
            if (new := tally.number - _sent[kind]) > 0:
                _sent[kind] += new
                with call_guard:
                    metrics.add_handled(kind, new)
    return []


class _Lines:
    """The count of an exception, by the code and instruction that raised it and its class."""

    def __init__(self, annotator: Annotator) -> None:
        # Weak: no annotator outlives its installation, and neither code nor a class that was made
        # at run time is kept alive.
        self.of = ref(annotator)
        self._known: dict[tuple[int, int, int], tuple[Tally | None, Ref, Ref]] = {}
        self._ours: dict[int, tuple[bool, Ref]] = {}

    def tally(
        self, annotator: Annotator, error: BaseException, step: TracebackType | None
    ) -> Tally | None:
        """Returns the count of *error*; None where it is not counted."""
        if step is not None and step.tb_next is not None:
            step = self._innermost(annotator, step)
        code, at = (step.tb_frame.f_code, step.tb_lasti) if step else (_NO_CODE, 0)
        kind = type(error)
        key = (id(code), at, id(kind))
        entry = self._known.get(key)
        if entry is None or entry[1]() is not code or entry[2]() is not kind:
            entry = (_new_tally(annotator, error, step), ref(code), ref(kind))
            if len(self._known) >= _LINES:
                self._known.clear()
            if not is_group(error):  # one line may hand on what others raised
                self._known[key] = entry
        return entry[0]

    def _innermost(self, annotator: Annotator, step: TracebackType | None) -> TracebackType | None:
        """The innermost step of a traceback, from *step* on, that is in the application."""
        innermost, ours = None, self._ours
        while step is not None:
            code = step.tb_frame.f_code
            entry = ours.get(id(code))
            if entry is None or entry[1]() is not code:
                if len(ours) >= _LINES:
                    ours.clear()
                entry = ours[id(code)] = (annotator.resolver.is_ours(code), ref(code))
            if entry[0]:
                innermost = step
            step = step.tb_next
        return innermost


def _new_tally(
    annotator: Annotator, error: BaseException, step: TracebackType | None
) -> Tally | None:
    if not is_failure(error) or issubclass(type(error), ENDS):
        return None
    with guard:
        event = annotator.emission.of_exception(_raised(annotator, error, step), None)
        kind = metrics.kind_of(error, event, _tallies)
        return _tallies.setdefault(kind, Tally())
    return None


def _raised(annotator: Annotator, error: BaseException, step: TracebackType | None) -> Provenance:
    if is_group(error):
        return annotator.raised(error)
    if step is None:
        return MISSING
    code = step.tb_frame.f_code
    return annotator.resolver.line(code, step.tb_lineno or code.co_firstlineno)


def _in_child() -> None:
    # What the parent counted, the parent reports; another thread of it may have held the lock.
    global _lines, _lock
    _lines, _lock = None, threading.Lock()
    _tallies.clear()
    _sent.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


FULL: Final = (RecursionError, MemoryError)
"""Errors that mean that the application's code has no room left either."""

_MODULE: Final = "<module>"
_DEPTH: Final = 100
"""Exceptions among which that of a handler further out is looked for."""


def count_handled(row: Row, handlers: int) -> None:
    """Count what so many handlers of the calling function, that of *row*, handled for good."""
    try:
        error, frame = sys.exception(), sys._getframe(1)  # noqa: SLF001 (as in `walk`)
        while error is not None:
            _count(row, frame, error, traceback_of(error))
            if (handlers := handlers - 1) == 0:
                break
            error = _outer(error, frame)
    except FULL:  # the handler that calls this leaves it at that
        raise
    except Exception as failure:  # noqa: BLE001 (a hot path: the guard without its block)
        swallow(failure)


def _outer(error: BaseException, frame: FrameType) -> BaseException | None:
    """Returns what *frame* was handling when *error* was raised."""
    for _ in range(_DEPTH):
        if (context := context_of(error)) is None:
            break
        step, error = traceback_of(context), context
        if step is not None and step.tb_frame is frame:
            return error
    return None


def count_split(row: Row) -> None:
    """The same for `except*`, which gets a group that Python made: its leaves were handled."""
    try:
        if (group := sys.exception()) is not None:
            for leaf in leaves_of(group):
                step = traceback_of(leaf) or traceback_of(group)
                _count(row, sys._getframe(1), leaf, step)  # noqa: SLF001 (as above)
    except FULL:
        raise
    except Exception as failure:  # noqa: BLE001 (as above)
        swallow(failure)


def _count(row: Row, frame: FrameType, error: BaseException, step: TracebackType | None) -> None:
    # A module that is imported asks by `except ImportError` what is installed.
    asks = issubclass(type(error), ImportError) and frame.f_code.co_name == _MODULE
    if row[MODULE] is not None and not asks:
        tally(error, step)
