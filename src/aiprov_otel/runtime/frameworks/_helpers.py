"""Functions that are handed to a library, to be called for each message."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncIterator, Callable
from functools import wraps
from typing import Any

from aiprov_otel.runtime.spans import handled_by


def naming(callback: Any) -> Any:
    """*callback*, of the same kind as it was, that names itself when it is called."""
    if inspect.isasyncgenfunction(callback):
        return _async_generator(callback)
    return _coroutine(callback) if inspect.iscoroutinefunction(callback) else _function(callback)


def _function(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def call(*args: Any, **kwargs: Any) -> Any:
        handled_by(callback)
        return callback(*args, **kwargs)

    return call


def _coroutine(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    async def call(*args: Any, **kwargs: Any) -> Any:
        handled_by(callback)
        return await callback(*args, **kwargs)

    return call


def _async_generator(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    async def call(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        handled_by(callback)
        async with contextlib.aclosing(callback(*args, **kwargs)) as answers:
            async for answer in answers:
                yield answer

    return call


def method_of(owner: Any, method: str, *otherwise: str) -> Any:
    """
    What *owner*, a class or an object, has for a request with that HTTP *method*.

    `HEAD` is served by `get` where there is no `head`; *otherwise* names what serves the rest.
    """
    names = [method.lower(), *(["get"] if method == "HEAD" else []), *otherwise]
    found = (getattr(owner, name, None) for name in names)
    return next(filter(None, found), owner)
