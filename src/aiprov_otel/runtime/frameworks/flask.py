"""
Flask: the application makes its view synchronous just before the call.

Its instrumentation ends the span of a request where Flask tears the request down. Before 2.2, an
exception that reaches the debugger has Flask keep the request for it, and the span never ended.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from opentelemetry import context

from aiprov_otel.runtime.frameworks._helpers import method_of
from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.unwrapping import sdk_span

MODULE: Final = "flask.app"
DISTRIBUTION: Final = "flask"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-flask"

View = Callable[..., Any]

_KEPT: Final = "opentelemetry-flask."
"""What the keys begin with under which the instrumentation keeps its own in the environ."""


def instrument(app: ModuleType, patches: Patches) -> None:
    """Name the views of Flask, and end the spans of its requests."""
    patches.replace(app.Flask, "ensure_sync", _wrap_ensure_sync(app.request))
    patches.replace(app.Flask, "wsgi_app", _wrap_wsgi_app)


def _wrap_wsgi_app(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def wsgi_app(app: Any, environ: dict[str, Any], start_response: Any) -> Any:
        try:
            return original(app, environ, start_response)
        except Exception as error:
            with call_guard:
                _end(environ, error)
            raise

    return wsgi_app


def _end(environ: dict[str, Any], error: Exception) -> None:
    """End the span of the request that *error* left, if Flask has not torn it down."""
    span = sdk_span(environ.get(f"{_KEPT}span_key"))
    if span is not None and span.is_recording():
        if activation := environ.pop(f"{_KEPT}activation_key", None):
            activation.__exit__(type(error), error, error.__traceback__)
        if token := environ.pop(f"{_KEPT}token", None):
            context.detach(token)


def _wrap_ensure_sync(
    request: Any,
) -> Callable[[Callable[[Any, View], View]], Callable[[Any, View], View]]:
    def make(original: Callable[[Any, View], View]) -> Callable[[Any, View], View]:
        @wraps(original)
        def ensure_sync(app: Any, func: View) -> View:
            with call_guard:
                # Functions that run before and after a view pass through here too.
                rule = request.url_rule if request else None
                if rule and app.view_functions.get(rule.endpoint) is func:
                    handled_by(_function(func, request.method))
            return original(app, func)

        return ensure_sync

    return make


def _function(view: Any, method: str) -> Any:
    """The view function; for a class-based view, its method."""
    if (owner := getattr(view, "view_class", None)) is None:
        return view
    return method_of(owner, method, "dispatch_request")
