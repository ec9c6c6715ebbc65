"""Pyramid: a view is mapped to one signature, below all that decides whether it is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "pyramid.viewderivers"
DISTRIBUTION: Final = "pyramid"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-pyramid"


def instrument(viewderivers: ModuleType, patches: Patches) -> None:
    """Name the views of Pyramid."""
    patches.replace(viewderivers.DefaultViewMapper, "__call__", _wrap_call)


def _wrap_call(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    @wraps(original)
    def call(mapper: Any, view: Any) -> Any:
        mapped = original(mapper, view)
        function = None
        with call_guard:
            function = _function(view, mapper.attr)

        @wraps(mapped)
        def named(*args: Any, **kwargs: Any) -> Any:
            with call_guard:
                handled_by(function)
            return mapped(*args, **kwargs)

        return named

    return call


def _function(view: Any, attribute: str | None) -> Any:
    """The function that serves: the view, or a method of it; None if it is Pyramid's own."""
    if str(getattr(view, "__module__", "")).startswith("pyramid."):  # as for what is not found
        return None
    if attribute is None and not inspect.isclass(view):
        return view
    return getattr(view, attribute or "__call__", None)
