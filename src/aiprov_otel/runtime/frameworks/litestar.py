"""Litestar: a route knows its handler when it calls it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.frameworks._helpers import fail
from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "litestar.routes.http"
DISTRIBUTION: Final = "litestar"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-asgi"

Call = Callable[..., Awaitable[Any]]


def instrument(http: ModuleType, patches: Patches) -> None:
    """Name the handlers of Litestar, and record what it answers with a 500."""
    patches.replace(http.HTTPRoute, "_call_handler_function", _wrap_call_handler_function)


def _wrap_call_handler_function(original: Call) -> Call:
    @wraps(original)
    async def call_handler_function(route: Any, *args: Any, **kwargs: Any) -> Any:
        with call_guard:
            handled_by(_function(*args, **kwargs))
        try:
            return await original(route, *args, **kwargs)
        except Exception as error:  # raised again
            with call_guard:
                if not _is_answer(error):
                    fail(error)
            raise

    return call_handler_function


def _is_answer(error: Exception) -> bool:
    """Whether *error* is an answer to its client, such as a 404, and not a failure."""
    status = getattr(error, "status_code", None)
    return isinstance(status, int) and status < 500


def _function(*args: Any, route_handler: Any = None, **_: Any) -> Any:
    """The handler; below the thread that a plain function may run in."""
    function = (route_handler or args[3]).fn
    return getattr(function, "func", function)
