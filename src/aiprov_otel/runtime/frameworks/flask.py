"""Flask: the application makes its view synchronous just before the call."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.frameworks._helpers import method_of
from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "flask.app"
DISTRIBUTION: Final = "flask"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-flask"

View = Callable[..., Any]


def instrument(app: ModuleType, patches: Patches) -> None:
    """Name the views of Flask."""
    patches.replace(app.Flask, "ensure_sync", _wrap_ensure_sync(app.request))


def _wrap_ensure_sync(
    request: Any,
) -> Callable[[Callable[[Any, View], View]], Callable[[Any, View], View]]:
    def make(original: Callable[[Any, View], View]) -> Callable[[Any, View], View]:
        @wraps(original)
        def ensure_sync(app: Any, func: View) -> View:
            with call_guard:
                # Functions that run before and after a view pass through here too.
                if request and request.url_rule and _is_view(app, request, func):
                    handled_by(_function(func, request.method))
            return original(app, func)

        return ensure_sync

    return make


def _is_view(app: Any, request: Any, func: View) -> bool:
    return app.view_functions.get(request.url_rule.endpoint) is func


def _function(view: Any, method: str) -> Any:
    """The view function; for a class-based view, its method."""
    if (owner := getattr(view, "view_class", None)) is None:
        return view
    return method_of(owner, method, "dispatch_request")
