"""From a callable to the code that it runs."""

from __future__ import annotations

import inspect
from functools import partial
from types import CodeType
from typing import Any


def code_of(function: Any) -> CodeType:
    """
    The code that a callable runs in the end, below decorators, partials and methods.

    Raises:
        TypeError: it is not written in Python.
    """
    function = _innermost(function)
    if not hasattr(function, "__code__"):
        function = _innermost(getattr(type(function), "__call__", None))
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        msg = f"{function!r} is not written in Python, so no line of it has a provenance"
        raise TypeError(msg)
    return code


def _innermost(function: Any) -> Any:
    while True:
        inner = inspect.unwrap(getattr(function, "__func__", function))
        inner = inner.func if isinstance(inner, partial) else inner
        if inner is function:
            return inner
        function = inner
