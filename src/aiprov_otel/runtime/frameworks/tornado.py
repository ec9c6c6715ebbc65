"""Tornado: the span begins as the request is prepared, just before its method is called."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from aiprov_otel.runtime.frameworks._helpers import method_of
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.spans import handled_by


def hook(instrumentation: ModuleType, patches: Patches) -> None:
    """
    Meet the request handlers of Tornado.

    Tornado has no place between preparing a request and serving it, so the instrumentation's own
    beginning of a span is where they are met.
    """
    patches.replace(instrumentation, "_start_span", _naming)


def _naming(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def start_span(tracer: Any, handler: Any, *args: Any, **kwargs: Any) -> Any:
        started = original(tracer, handler, *args, **kwargs)
        with guard:
            method = _function(handler, handler.request.method)
            if getattr(method, "__name__", "") != "_unimplemented_method":
                handled_by(method)
        return started

    return start_span


def _function(handler: Any, method: str) -> Any:
    """The method that answers; of a websocket, the one that is given its messages."""
    if hasattr(handler, "write_message"):
        return type(handler).on_message
    return method_of(type(handler), method)
