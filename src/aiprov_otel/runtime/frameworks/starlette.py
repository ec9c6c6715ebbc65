"""Starlette and FastAPI: a route knows its endpoint when it handles a request."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from types import ModuleType
from typing import Any

from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches

Handle = Callable[..., Awaitable[None]]


def hook(routing: ModuleType, patches: Patches) -> None:
    """Meet the routes of Starlette."""
    patches.replace(routing.Route, "handle", _naming)
    patches.replace(routing.WebSocketRoute, "handle", _naming)


def hook_fastapi(routing: ModuleType, patches: Patches) -> None:
    """Meet the routes of FastAPI, which in newer versions need not pass through those of Starlette."""
    if "handle" in vars(routing.APIRoute):
        patches.replace(routing.APIRoute, "handle", _naming)


def _naming(original: Handle) -> Handle:
    @wraps(original)
    def handle(route: Any, scope: Any, *args: Any, **kwargs: Any) -> Awaitable[None]:
        handled_by(_endpoint(route, scope))
        return original(route, scope, *args, **kwargs)

    return handle


def _endpoint(route: Any, scope: Any) -> Any:
    """The function that serves the request; for an endpoint that is a class, its method."""
    endpoint = scope.get("endpoint") or route.endpoint
    if inspect.isclass(endpoint):
        return getattr(endpoint, str(scope.get("method", "")).lower(), None) or endpoint
    return endpoint
