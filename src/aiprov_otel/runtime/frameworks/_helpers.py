"""What the frameworks share: callbacks that name themselves, and methods of class-based views."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncIterator, Callable
from functools import wraps
from typing import Any

from opentelemetry.trace import Status, StatusCode

from aiprov_otel.runtime import libraries, outcomes
from aiprov_otel.runtime.callables import function_of
from aiprov_otel.runtime.guard import call_guard, guard
from aiprov_otel.runtime.handlers import entry_span, handled_by


def self_naming(callback: Any) -> Any:
    """*callback*, of the same kind, which names itself when it is called."""
    if inspect.isasyncgenfunction(callback):
        return _async_generator(callback)
    return _coroutine(callback) if inspect.iscoroutinefunction(callback) else _function(callback)


def _leave() -> None:
    """Note that an exception leaves a callback: not every instrumentation fails its span then."""
    with guard:
        outcomes.left()


def _function(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def call(*args: Any, **kwargs: Any) -> Any:
        handled_by(callback)
        try:
            return callback(*args, **kwargs)
        except Exception:  # raised again; what ends a generator or a process is left out
            _leave()
            raise

    return call


def _coroutine(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    async def call(*args: Any, **kwargs: Any) -> Any:
        handled_by(callback)
        try:
            return await callback(*args, **kwargs)
        except Exception:  # raised again; what ends a generator or a process is left out
            _leave()
            raise

    return call


def _async_generator(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    async def call(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        handled_by(callback)
        async with contextlib.aclosing(callback(*args, **kwargs)) as replies:
            try:
                async for reply in replies:
                    yield reply
            except Exception:  # raised again; what ends a generator or a process is left out
                _leave()
                raise

    return call


def method_of(owner: Any, method: str, *otherwise: str) -> Any:
    """
    The method of *owner*, a class or an object, for a request with the HTTP *method*.

    `get` serves `HEAD` where there is no `head`; *otherwise* names what serves any method, which
    counts where the application wrote it. None if the request will be refused.
    """
    names = [method.lower(), *(["get"] if method == "HEAD" else [])]
    methods = [getattr(owner, name, None) for name in names]
    methods += filter(_is_application, (getattr(owner, name, None) for name in otherwise))
    return next(filter(None, methods), None)


def _is_application(method: Any) -> bool:
    """Whether the application wrote *method*, and not the framework whose class it inherits."""
    function = function_of(method)
    return function is not None and not libraries.is_library(function.__code__.co_filename)


def fail(error: Exception) -> None:
    """Record *error* on the span that is being served: the framework answers it with a 500."""
    with call_guard:
        if span := entry_span():
            span.record_exception(error)
            span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
