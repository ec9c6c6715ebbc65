"""aiohttp.web: a middleware of ours, below all others, knows the handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from inspect import isclass
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.frameworks._helpers import method_of
from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "aiohttp.web_app"
DISTRIBUTION: Final = "aiohttp"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-aiohttp-server"

Middlewares = Callable[[Any], Iterator[tuple[Any, bool]]]


def instrument(web_app: ModuleType, patches: Patches) -> None:
    """Name the handlers of aiohttp.web."""
    patches.replace(web_app.Application, "_prepare_middleware", _wrap_prepare_middleware)


def _wrap_prepare_middleware(original: Middlewares) -> Middlewares:
    @wraps(original)
    def prepare_middleware(app: Any) -> Iterator[tuple[Any, bool]]:
        yield _innermost, True  # the first one is nearest to the handler
        yield from original(app)

    return prepare_middleware


def _innermost(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Awaitable[Any]:
    with call_guard:
        # A nested application has middlewares of its own; a 404 has no handler.
        if request.match_info.apps[-1] is request.match_info.current_app:
            _name(request)
    return handler(request)


def _name(request: Any) -> None:
    if request.match_info.http_exception is None:
        handler = request.match_info.handler
        is_view = isclass(handler)
        handled_by(method_of(handler, request.method) if is_view else handler)
