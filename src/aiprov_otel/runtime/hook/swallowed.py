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
from aiprov_otel.runtime.hook.slots import ON, Slot
from aiprov_otel.runtime.raising import MEMBERS

_MODULE: Final = "<module>"
_DEPTH: Final = 100
"""Exceptions among which that of a handler further out is looked for."""


def swallowed(slot: Slot, handlers: int) -> None:
    """The code that calls this, that of *slot*, leaves so many handlers in good order."""
    error = sys.exception()
    while error is not None:
        _count(slot, error, error.__traceback__)
        if (handlers := handlers - 1) == 0:
            break
        error = _outer(error, sys._getframe(1))  # noqa: SLF001 (as in `walk`)


def _outer(error: BaseException, frame: FrameType) -> BaseException | None:
    """What *frame* was handling when *error* came up."""
    for _ in range(_DEPTH):
        if (context := error.__context__) is None:
            break
        step, error = context.__traceback__, context
        if step is not None and step.tb_frame is frame:
            return error
    return None


def split(slot: Slot) -> None:
    """The same of `except*`, which gets a group that Python made: its leaves were handled."""
    if (group := sys.exception()) is not None:
        for leaf in _leaves(group):
            _count(slot, leaf, leaf.__traceback__ or group.__traceback__)


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


def _count(slot: Slot, error: BaseException, step: TracebackType | None) -> None:
    # A module that is imported asks by `except ImportError` what is installed.
    if slot[ON] and (slot.qualname != _MODULE or not isinstance(error, ImportError)):
        tallies.count(error, step)
