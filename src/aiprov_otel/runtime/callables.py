"""From a callable to the function, and the code, that it runs."""

from __future__ import annotations

import inspect
from functools import cached_property, partial, partialmethod
from types import CodeType, FunctionType
from typing import Any


def function_of(thing: Any) -> FunctionType | None:
    """
    The innermost function of *thing*, below decorators, partials and descriptors.

    None if it is not written in Python.
    """
    if type(thing) is FunctionType and not thing.__dict__:
        return thing  # nothing is below it; a hot path, as each request has a handler
    function = _innermost(thing)
    if not isinstance(function, FunctionType):
        function = _innermost(type(function).__call__) if callable(function) else None
    return function if isinstance(function, FunctionType) else None


def code_of(thing: Any) -> CodeType:
    """
    The code of that function.

    Raises:
        TypeError: it is not written in Python.
    """
    if (function := function_of(thing)) is None:
        msg = f"{thing!r} is not written in Python, so no line of it has a provenance"
        raise TypeError(msg)
    return function.__code__


def _innermost(thing: Any) -> Any:
    while (inner := _next(thing)) is not thing:
        thing = inner
    return thing


def _next(thing: Any) -> Any:
    if isinstance(thing, partial | partialmethod | cached_property):
        return thing.func
    if isinstance(thing, property):
        return thing.fget
    return inspect.unwrap(getattr(thing, "__func__", thing))
