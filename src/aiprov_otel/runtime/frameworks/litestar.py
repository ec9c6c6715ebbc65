"""Litestar: a route knows its handler when it calls it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.frameworks._helpers import fail
from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "litestar.routes.http"
DISTRIBUTION: Final = "litestar"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-asgi"


def instrument(http: ModuleType, patches: Patches) -> None:
    """Name the handlers of Litestar, and record what it answers with a 500."""
    patches.replace(http.HTTPRoute, "_call_handler_function", _wrap_call_handler_function)
    middleware = import_module("litestar.middleware._internal.exceptions.middleware")
    handler = middleware.ExceptionHandlerMiddleware
    patches.replace(handler, "handle_request_exception", _wrap_handle_request_exception)


def _wrap_call_handler_function(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def call_handler_function(route: Any, *args: Any, **kwargs: Any) -> Any:
        with call_guard:
            fn = kwargs["route_handler"].fn if "route_handler" in kwargs else args[3].fn
            handled_by(getattr(fn, "func", fn))  # below the thread that a plain function runs in
        return original(route, *args, **kwargs)

    return call_handler_function


def _wrap_handle_request_exception(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def handle_request_exception(middleware: Any, *args: Any, **kwargs: Any) -> Any:
        error = kwargs.get("exc") or (args[-1] if args else None)
        if isinstance(error, Exception) and getattr(error, "status_code", 500) >= 500:
            fail(error)
        return original(middleware, *args, **kwargs)

    return handle_request_exception
