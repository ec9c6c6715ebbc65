"""Gunicorn: a worker asks for the application, whatever it serves it with."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.servers._cover import cover

MODULE: Final = "gunicorn.app.base"


def instrument(base: ModuleType, patches: Patches) -> None:
    """Cover the application that Gunicorn hands to its workers."""
    patches.replace(base.BaseApplication, "wsgi", _wrap_wsgi)


def _wrap_wsgi(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @wraps(original)
    def wsgi(app: Any) -> Any:
        return cover(original(app))

    return wsgi
