"""The nearest application frame above a span."""

from __future__ import annotations

import inspect
from types import FrameType
from typing import Final

from aiprov_otel.runtime import declarations, source_text
from aiprov_otel.runtime.resolver import Resolver

DEPTH: Final = 100
"""Frames looked at before giving up; one costs 50 to 75 ns to materialise."""

COROUTINE: Final = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
"""Flags of what only a loop, or whoever plays one, can drive."""
_SUSPENDABLE: Final = COROUTINE | inspect.CO_GENERATOR


def above(resolver: Resolver, frame: FrameType | None) -> FrameType | None:
    """
    The nearest frame, from *frame* on, that is the application's own.

    Below a loop or a pool the stack belongs to whoever started it, and so it does below a chain
    of coroutines, whatever drives it.
    """
    driven, libraries = False, resolver.libraries
    for _ in range(DEPTH):
        if frame is None or (code := frame.f_code).co_filename in source_text.BOOTSTRAPS:
            return None
        if code.co_flags & COROUTINE:
            driven = True
        elif driven and not code.co_flags & _SUSPENDABLE:
            return None
        if (code.co_filename not in libraries or declarations.stated) and resolver.is_ours(code):
            return frame
        frame = frame.f_back
    return None
