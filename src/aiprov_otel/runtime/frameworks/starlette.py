"""Starlette: a route knows its endpoint when it handles a request."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.frameworks._helpers import method_of
from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "starlette.routing"
DISTRIBUTION: Final = "starlette"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-starlette"

Handle = Callable[..., Awaitable[None]]


def instrument(routing: ModuleType, patches: Patches) -> None:
    """Name the endpoints of Starlette's routes."""
    patches.replace(routing.Route, "handle", wrap_handle)
    patches.replace(routing.WebSocketRoute, "handle", wrap_handle)


def wrap_handle(original: Handle) -> Handle:
    """A route's `handle` that names the endpoint first."""

    @wraps(original)
    def handle(route: Any, scope: Any, *args: Any, **kwargs: Any) -> Awaitable[None]:
        with call_guard:
            if _is_allowed(route, scope):
                handled_by(_endpoint(route, scope))
        return original(route, scope, *args, **kwargs)

    return handle


def _is_allowed(route: Any, scope: Any) -> bool:
    """Whether the route will call its endpoint, rather than answer `Method Not Allowed`."""
    methods = getattr(route, "methods", None)
    return not methods or scope.get("method") in methods


def _endpoint(route: Any, scope: Any) -> Any:
    """The function that serves the request; for an endpoint that is a class, its method."""
    endpoint = route.endpoint
    if not inspect.isclass(endpoint):
        return endpoint
    if (method := scope.get("method")) is None:  # of a websocket
        return getattr(endpoint, "on_receive", None)
    return method_of(endpoint, method, "dispatch", "__call__")
