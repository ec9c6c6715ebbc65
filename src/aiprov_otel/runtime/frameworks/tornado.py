"""Tornado: the span begins as the request is prepared, just before the method is called."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.frameworks._helpers import method_of
from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "opentelemetry.instrumentation.tornado"
DISTRIBUTION: Final = "tornado"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-tornado"


def instrument(instrumentation: ModuleType, patches: Patches) -> None:
    """
    Name the request handlers of Tornado.

    Tornado has no method between preparing a request and serving it, so this wraps the function
    of the instrumentation that starts the span.
    """
    patches.replace(instrumentation, "_start_span", _wrap_start_span)


def _wrap_start_span(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def start_span(tracer: Any, handler: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(tracer, handler, *args, **kwargs)
        with call_guard:
            method = _function(handler, handler.request.method)
            if getattr(method, "__name__", "") != "_unimplemented_method":
                handled_by(method)
        return result

    return start_span


def _function(handler: Any, method: str) -> Any:
    """The method for the request; for a websocket, the one that receives messages."""
    if hasattr(handler, "write_message"):
        return type(handler).on_message
    return method_of(type(handler), method)
