"""The nearest application frame above a span."""

from __future__ import annotations

import asyncio.events
import asyncio.runners
import concurrent.futures.thread
import sys
from types import FrameType
from typing import Final

from aiprov_otel.runtime.resolver import Resolver

DEPTH: Final = 100
"""Frames looked at before giving up; one costs 50 to 75 ns to materialise."""

# Below these, a stack belongs to whoever started the loop or the pool, not to this task.
_BOOTSTRAPS: Final = frozenset(
    module.__file__
    for module in (asyncio.events, asyncio.runners, concurrent.futures.thread)
    if module.__file__
)


def nearest(resolver: Resolver, skip: int = 1) -> FrameType | None:
    """The nearest frame, *skip* levels above the caller, that is the application's own."""
    frame: FrameType | None = sys._getframe(skip + 1)  # noqa: SLF001 (as the facts: 10x cheaper than inspect)
    for _ in range(DEPTH):
        if frame is None or frame.f_code.co_filename in _BOOTSTRAPS:
            return None
        if resolver.is_ours(frame.f_code):
            return frame
        frame = frame.f_back
    return None
