"""CherryPy: what a dispatcher found is called in one place, below all tools and hooks."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.callables import function_of
from aiprov_otel.runtime.frameworks._helpers import fail
from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "cherrypy._cpdispatch"
DISTRIBUTION: Final = "cherrypy"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-wsgi"


def instrument(dispatch: ModuleType, patches: Patches) -> None:
    """Name the page handlers of CherryPy."""
    answers = (dispatch.cherrypy.CherryPyException,)
    patches.replace(dispatch.PageHandler, "__call__", _wrap_call(answers))


def _wrap_call(answers: tuple[type[Exception], ...]) -> Callable[..., Any]:
    def make(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
        @wraps(original)
        def call(page: Any) -> Any:
            with call_guard:
                if not _is_cherrypy_s(page.callable):
                    handled_by(page.callable)
            try:
                return original(page)
            except answers:
                raise
            except Exception as error:
                fail(error)  # CherryPy answers with a 500, and nobody else sees it
                raise

        return call

    return make


def _is_cherrypy_s(callback: Any) -> bool:
    """Whether it is CherryPy's own, such as a static file."""
    function = function_of(callback)
    return function is not None and function.__module__.startswith("cherrypy.")
