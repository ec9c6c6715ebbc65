"""Falcon, WSGI and ASGI: the application looks up the responder just before the call."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.callables import function_of
from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "falcon.app"
DISTRIBUTION: Final = "falcon"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-falcon"


def instrument(app: ModuleType, patches: Patches) -> None:
    """Name the responders of Falcon."""
    patches.replace(app.App, "_get_responder", _wrap_get_responder)


def _wrap_get_responder(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    @wraps(original)
    def get_responder(app: Any, req: Any) -> Any:
        match = original(app, req)
        with call_guard:
            if not _is_falcon_s(match[0]):
                handled_by(match[0])
        return match

    return get_responder


def _is_falcon_s(responder: Any) -> bool:
    """Whether it is Falcon's own: not found, not allowed, a static file."""
    function = function_of(responder)
    return function is not None and function.__module__.startswith("falcon.")
