"""Quart: the application makes its view asynchronous just before the call, as Flask does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.frameworks._helpers import fail, method_of
from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "quart.app"
DISTRIBUTION: Final = "quart"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-asgi"


def instrument(app: ModuleType, patches: Patches) -> None:
    """Name the views of Quart, and record what it answers with a 500."""
    patches.replace(app.Quart, "ensure_async", _wrap_ensure_async)
    patches.replace(app.Quart, "handle_exception", _wrap_handle_exception)


def _wrap_ensure_async(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    @wraps(original)
    def ensure_async(app: Any, func: Any) -> Any:
        with call_guard:
            current = sys.modules["quart.globals"]
            served = current.request or current.websocket
            # Functions that run before and after a view pass through here too.
            if served and served.url_rule:
                view = app.view_functions.get(served.url_rule.endpoint)
                if view is func:
                    handled_by(_function(func, getattr(served, "method", "GET")))
        return original(app, func)

    return ensure_async


def _function(view: Any, method: str) -> Any:
    """The view function; for a class-based view, its method."""
    if (owner := getattr(view, "view_class", None)) is None:
        return view
    return method_of(owner, method, "dispatch_request")


def _wrap_handle_exception(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def handle_exception(app: Any, *args: Any, **kwargs: Any) -> Any:
        for each in (*args, *kwargs.values()):  # another version has other arguments before it
            if isinstance(each, Exception):
                fail(each)
        return original(app, *args, **kwargs)

    return handle_exception
