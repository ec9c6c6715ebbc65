"""Falcon, WSGI and ASGI: the application looks up its responder when it is about to call it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from aiprov_otel.runtime.callables import function_of
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.spans import handled_by


def hook(app: ModuleType, patches: Patches) -> None:
    """Meet the responders of Falcon."""
    patches.replace(app.App, "_get_responder", _naming)


def _naming(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    @wraps(original)
    def get_responder(app: Any, req: Any) -> Any:
        found = original(app, req)
        with guard:
            if not _is_falcon_s(found[0]):
                handled_by(found[0])
        return found

    return get_responder


def _is_falcon_s(responder: Any) -> bool:
    """Whether it is one of Falcon's own: not found, not allowed, a static file."""
    function = function_of(responder)
    return function is not None and function.__module__.startswith("falcon.")
