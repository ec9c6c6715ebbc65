"""Starlette and FastAPI: a route knows its endpoint when it handles a request."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.spans import handled_by

Handle = Callable[..., Awaitable[None]]

# Which method of a class serves what; a websocket has no method.
_METHODS: Final = {"HEAD": ("head", "get"), None: ("on_receive",)}


def hook(routing: ModuleType, patches: Patches) -> None:
    """Meet the routes of Starlette."""
    patches.replace(routing.Route, "handle", _naming)
    patches.replace(routing.WebSocketRoute, "handle", _naming)


def hook_fastapi(routing: ModuleType, patches: Patches) -> None:
    """Meet the routes of FastAPI, which need not pass through those of Starlette."""
    if "handle" in vars(routing.APIRoute):
        patches.replace(routing.APIRoute, "handle", _naming)


def _naming(original: Handle) -> Handle:
    @wraps(original)
    def handle(route: Any, scope: Any, *args: Any, **kwargs: Any) -> Awaitable[None]:
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
    names = _METHODS.get(scope.get("method"), (str(scope.get("method")).lower(),))
    found = (getattr(endpoint, name, None) for name in (*names, "dispatch", "__call__"))
    return next(filter(None, found))
