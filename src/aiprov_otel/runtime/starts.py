"""Watches for the start of a function, by `sys.monitoring`, which Python has since 3.12."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType
from typing import Any, Final

_NAME: Final = "aiprov_otel"
_IDS: Final = (3, 4)  # those that are not reserved for a debugger, a profiler and the like
_monitoring: Final[Any] = getattr(sys, "monitoring", None)
_watched: Final[dict[int, CodeType]] = {}  # kept alive, so that an id stays that of one code
_tool: int | None = None
LIMIT: Final = 10_000
"""Functions that are watched; code made at run time must not fill memory."""


def watch(code: CodeType, started: Callable[[CodeType, int], None]) -> bool:
    """
    Have *started* called whenever *code* starts, always the same for all code.

    False where Python can't tell, or all of its tools are taken.
    """
    if _monitoring is None or not _has_tool(started):
        return False
    if id(code) in _watched:
        return True
    if len(_watched) >= LIMIT:
        return False
    events = _monitoring.events
    present = _monitoring.get_local_events(_tool, code)
    _monitoring.set_local_events(_tool, code, present | events.PY_START)
    _watched[id(code)] = code
    return True


def stop() -> None:
    """Watch nothing any more, and leave the tool to others."""
    global _tool
    if _is_ours():
        for code in _watched.values():
            _monitoring.set_local_events(_tool, code, _monitoring.events.NO_EVENTS)
        _monitoring.register_callback(_tool, _monitoring.events.PY_START, None)
        _monitoring.free_tool_id(_tool)
    _watched.clear()
    _tool = None


def _has_tool(started: Callable[[CodeType, int], None]) -> bool:
    global _tool
    if _is_ours():
        return True
    _watched.clear()  # with the tool that somebody freed
    for number in _IDS:
        if _monitoring.get_tool(number) is None:
            _monitoring.use_tool_id(number, _NAME)
            _monitoring.register_callback(number, _monitoring.events.PY_START, started)
            _tool = number
            return True
    _tool = None
    return False


def _is_ours() -> bool:
    """Whether the tool is still the one that was taken: any code may free it."""
    return _tool is not None and bool(_monitoring.get_tool(_tool) == _NAME)
