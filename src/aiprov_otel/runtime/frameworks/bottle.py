"""Bottle: a route makes what it calls from its callback and the plugins, once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.frameworks._helpers import fail
from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "bottle"
DISTRIBUTION: Final = "bottle"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-wsgi"


def instrument(bottle: ModuleType, patches: Patches) -> None:
    """Name the callbacks of Bottle's routes."""
    patches.replace(bottle.Route, "_make_callback", _wrap_make_callback(bottle.HTTPResponse))


def _wrap_make_callback(response: type[Exception]) -> Callable[..., Any]:
    def make(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
        @wraps(original)
        def make_callback(route: Any) -> Any:
            callback = original(route)

            @wraps(callback)
            def call(*args: Any, **kwargs: Any) -> Any:
                handled_by(route.callback)
                try:
                    return callback(*args, **kwargs)
                except response:  # an answer
                    raise
                except Exception as error:
                    fail(error)  # Bottle answers with a 500, and nobody else sees it
                    raise

            return call

        return make_callback

    return make
