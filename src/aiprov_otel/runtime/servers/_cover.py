"""Wraps an application in OpenTelemetry's middleware, unless something makes its server spans."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, Final

from opentelemetry import trace

from aiprov_otel.runtime import state
from aiprov_otel.runtime.callables import function_of
from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.handlers import handled_by

_INSIDE: Final = (
    *("app", "_app", "application", "asgi", "asgi_app", "get_response", "wsgi", "wsgi_app"),
)
"""The names under which a middleware holds the application that it wraps."""

_DEEPEST: Final = 20
_INSTRUMENTED: Final = "_is_instrumented_by_opentelemetry"
_BY_SETTINGS: Final = {
    "django": ("django.core.handlers.base", "BaseHandler"),
    "pyramid": ("pyramid.router", "Router"),
}
"""Frameworks that their instrumentation enters by a setting: their applications don't show it."""


def cover(application: Any) -> Any:
    """*application* with a server span for each request; as it is if something makes them."""
    with call_guard:
        if not state.is_installed():
            return application
        covered = application
        if not any(map(_has_spans, _layers(application))):
            covered = _asgi(application) if _is_asgi(application) else _wsgi(application)
        # That of a function that serves for ever: it is the parent of no request.
        if trace.get_current_span() is not trace.INVALID_SPAN:
            covered = _asgi_apart(covered) if _is_asgi(covered) else _wsgi_apart(covered)
        return covered
    return application


def _layers(application: Any) -> Iterator[Any]:
    """*application* and what it wraps, from the outermost inwards."""
    for _ in range(_DEEPEST):
        yield application
        inner = _inside(application)
        if inner is None:
            return
        application = inner


def _inside(application: Any) -> Any:
    if isinstance(application, partial):
        return application.func
    held = dict(getattr(application, "__dict__", {}))
    if inspect.isfunction(application):
        cells = zip(application.__code__.co_freevars, application.__closure__ or (), strict=False)
        held |= {name: cell.cell_contents for name, cell in cells if name in _INSIDE}
    elif inspect.ismethod(application):
        return application.__self__
    named = (held.get(name) for name in ("__wrapped__", *_INSIDE))
    return next((each for each in named if callable(each) and each is not application), None)


def _has_spans(application: Any) -> bool:
    """Whether a server span is made for each request that *application* gets."""
    if getattr(application, _INSTRUMENTED, False) is True:
        return True
    kinds = type(application).__mro__
    middleware = [getattr(each, "cls", None) for each in _user_middleware(application)]
    if any(_is_opentelemetry(kind) for kind in (*kinds, *middleware)):
        return True
    names = {(kind.__module__, kind.__name__) for kind in kinds}
    return any(
        place in names and f"opentelemetry.instrumentation.{name}" in sys.modules
        for name, place in _BY_SETTINGS.items()
    )


def _user_middleware(application: Any) -> list[Any]:
    middleware = getattr(application, "user_middleware", ())  # of Starlette
    return middleware if isinstance(middleware, list) else []


def _is_opentelemetry(kind: Any) -> bool:
    return str(getattr(kind, "__module__", "")).startswith("opentelemetry.instrumentation.")


def _is_asgi(application: Any) -> bool:
    function = application.func if isinstance(application, partial) else application
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 (a coroutine function, not a callable)
    )


def _asgi(application: Callable[..., Awaitable[None]]) -> Any:
    try:
        from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    except ImportError:
        return application
    handler = _Handler(application)

    async def named(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            handler.name()
        await application(scope, receive, send)

    return OpenTelemetryMiddleware(named, exclude_spans=["receive", "send"])


def _wsgi(application: Callable[..., Any]) -> Any:
    try:
        from opentelemetry.instrumentation.wsgi import (  # type: ignore[import-not-found,unused-ignore]
            OpenTelemetryMiddleware,
        )
    except ImportError:
        return application
    handler = _Handler(application)

    def named(environ: Any, start_response: Any) -> Any:
        handler.name()
        return application(environ, start_response)

    return OpenTelemetryMiddleware(named)


def _asgi_apart(application: Callable[..., Awaitable[None]]) -> Any:
    async def apart(scope: Any, receive: Any, send: Any) -> None:
        with trace.use_span(trace.INVALID_SPAN):
            await application(scope, receive, send)

    return apart


def _wsgi_apart(application: Callable[..., Any]) -> Any:
    def apart(environ: Any, start_response: Any) -> Any:
        with trace.use_span(trace.INVALID_SPAN):
            return application(environ, start_response)

    return apart


class _Handler:
    """The innermost callable of an application that is its own code; a framework may know more."""

    def __init__(self, application: Any) -> None:
        self._layers = [each for each in _layers(application) if function_of(each)]
        self._own: list[Any] | None = None

    def name(self) -> None:
        """Have it name the span of the request."""
        with call_guard:
            if self._own is None and (annotator := state.annotator()):
                self._own = [
                    each
                    for each in self._layers
                    if (function := function_of(each))
                    and annotator.resolver.is_ours(function.__code__)
                ]
            if self._own:
                handled_by(self._own[-1])
