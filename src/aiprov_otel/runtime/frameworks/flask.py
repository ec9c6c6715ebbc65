"""Flask: the application asks for its view as a plain function when it is about to call it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from aiprov_otel.runtime.frameworks._helpers import method_of
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.spans import handled_by

View = Callable[..., Any]


def hook(app: ModuleType, patches: Patches) -> None:
    """Meet the views of Flask."""
    patches.replace(app.Flask, "ensure_sync", _naming(app.request))


def _naming(request: Any) -> Callable[[Callable[[Any, View], View]], Callable[[Any, View], View]]:
    def make(original: Callable[[Any, View], View]) -> Callable[[Any, View], View]:
        @wraps(original)
        def ensure_sync(app: Any, func: View) -> View:
            with guard:
                # Whatever runs before and after a view passes here too.
                if request and request.url_rule and _is_view(app, request, func):
                    handled_by(_function(func, request.method))
            return original(app, func)

        return ensure_sync

    return make


def _is_view(app: Any, request: Any, func: View) -> bool:
    return app.view_functions.get(request.url_rule.endpoint) is func


def _function(view: Any, method: str) -> Any:
    """The function itself; of a class-based view, the method that answers."""
    if (owner := getattr(view, "view_class", None)) is None:
        return view
    return method_of(owner, method, "dispatch_request")
