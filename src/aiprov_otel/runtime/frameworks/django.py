"""Django and its REST framework: the view that the request handler is about to call."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.frameworks._helpers import method_of
from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "django.core.handlers.base"
DISTRIBUTION: Final = "django"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-django"

_method: Final[ContextVar[str]] = ContextVar("aiprov_django_method", default="GET")


def instrument(base: ModuleType, patches: Patches) -> None:
    """Name the views of Django."""
    patches.replace(base.BaseHandler, "resolve_request", _wrap_resolve_request)
    patches.replace(base.BaseHandler, "make_view_atomic", _wrap_make_view_atomic)


def _wrap_resolve_request(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    @wraps(original)
    def resolve_request(handler: Any, request: Any) -> Any:
        _method.set(str(request.method))
        return original(handler, request)

    return resolve_request


def _wrap_make_view_atomic(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    @wraps(original)
    def make_view_atomic(handler: Any, view: Any) -> Any:
        # By now no middleware has answered instead of the view.
        with call_guard:
            handled_by(_function(view, _method.get()))
        return original(handler, view)

    return make_view_atomic


def _function(view: Any, method: str) -> Any:
    """The view function; for a class-based view, its method."""
    owner = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if owner is None:
        return view
    if method.lower() not in owner.http_method_names:
        return None
    actions = getattr(view, "actions", None) or {}  # of a view set
    action = actions.get(method.lower()) or (method == "HEAD" and actions.get("get"))
    return _declared(method_of(owner, action or method, "dispatch"))


def _declared(function: Any) -> Any:
    """The function below `@api_view`, which makes a class whose methods only call it."""
    if getattr(function, "__qualname__", "") != "api_view.<locals>.decorator.<locals>.handler":
        return function
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
    return cells["func"].cell_contents if "func" in cells else function
