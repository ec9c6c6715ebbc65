"""
What an `except` handled for good, where it is left.

Nothing here is guarded: what a signal raises meanwhile is the application's.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Final

from aiprov_otel.runtime.hook import tallies
from aiprov_otel.runtime.import_hook.counters import MODULE, Counts
from aiprov_otel.runtime.raising import MEMBERS

_MODULE: Final = "<module>"
_DEPTH: Final = 100
"""Exceptions among which that of a handler further out is looked for."""


def swallowed(counts: Counts, handlers: int) -> None:
    """The code that calls this, that of *counts*, leaves so many handlers in good order."""
    error, frame = sys.exception(), sys._getframe(1)  # noqa: SLF001 (as in `walk`)
    while error is not None:
        _count(counts, frame, error, error.__traceback__)
        if (handlers := handlers - 1) == 0:
            break
        error = _outer(error, frame)


def _outer(error: BaseException, frame: FrameType) -> BaseException | None:
    """What *frame* was handling when *error* came up."""
    for _ in range(_DEPTH):
        if (context := error.__context__) is None:
            break
        step, error = context.__traceback__, context
        if step is not None and step.tb_frame is frame:
            return error
    return None


def split(counts: Counts) -> None:
    """The same of `except*`, which gets a group that Python made: its leaves were handled."""
    if (group := sys.exception()) is not None:
        for leaf in _leaves(group):
            step = leaf.__traceback__ or group.__traceback__
            _count(counts, sys._getframe(1), leaf, step)  # noqa: SLF001 (as above)


def _leaves(group: BaseException) -> Iterator[BaseException]:
    pending, seen = [group], set[int]()
    while pending and len(seen) < MEMBERS:
        error = pending.pop()
        if id(error) in seen:
            continue
        seen.add(id(error))
        if isinstance(error, BaseExceptionGroup):
            pending.extend(reversed(error.exceptions))
        else:
            yield error


def _count(
    counts: Counts, frame: FrameType, error: BaseException, step: TracebackType | None
) -> None:
    # A module that is imported asks by `except ImportError` what is installed.
    asks = isinstance(error, ImportError) and frame.f_code.co_name == _MODULE
    if counts[MODULE] is not None and not asks:
        tallies.count(error, step)
