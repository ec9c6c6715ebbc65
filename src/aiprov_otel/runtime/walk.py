"""The nearest application frame above a span."""

from __future__ import annotations

import asyncio
import inspect
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Final

from aiprov_otel.runtime import declarations
from aiprov_otel.runtime.resolver import Resolver

DEPTH: Final = 100
"""Frames looked at before giving up; one costs 50 to 75 ns to materialise."""

# Below these, a stack belongs to whoever started the loop or the pool, not to this task.
_BOOTSTRAPS: Final = frozenset(
    function.__code__.co_filename
    for function in (asyncio.Handle._run, asyncio.run, ThreadPoolExecutor.submit)  # noqa: SLF001 (its file is what counts)
) | {
    str(Path(__file__).with_name("calls.py"))  # a span of ours says itself what it stands for
}
# So it does below a chain of coroutines, whatever drives it: not every loop is asyncio's.
_COROUTINE: Final = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_SUSPENDABLE: Final = _COROUTINE | inspect.CO_GENERATOR
_SDK: Final = 4  # this function, the processor, the SDK's composite, and `Span.start`


def nearest(resolver: Resolver, skip: int = _SDK) -> FrameType | None:
    """The nearest frame, from *skip* levels above on, that is the application's own."""
    return above(resolver, sys._getframe(skip))  # noqa: SLF001 (inspect costs ten times as much)


def above(resolver: Resolver, frame: FrameType | None) -> FrameType | None:
    """The nearest frame, from *frame* on, that is the application's own."""
    ours, stated, driven = resolver.ours, declarations.exist(), False
    for _ in range(DEPTH):
        if frame is None:
            return None
        code = frame.f_code
        flags = code.co_flags
        if flags & _COROUTINE:
            driven = True
        elif driven and not flags & _SUSPENDABLE:
            return None
        # Of a hundred frames ninety-nine are a library's: for them, one look-up and no call.
        if (known := ours.get(code.co_filename)) is not False or stated:
            if code.co_filename in _BOOTSTRAPS:
                return None
            if known or resolver.is_ours(code):
                return frame
        frame = frame.f_back
    return None
