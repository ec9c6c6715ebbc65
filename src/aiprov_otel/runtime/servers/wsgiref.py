"""Python's own WSGI server, and Django's development server, which is one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.servers._cover import cover

MODULE: Final = "wsgiref.simple_server"


def instrument(simple_server: ModuleType, patches: Patches) -> None:
    """Cover the application that the server is given."""
    patches.replace(simple_server.WSGIServer, "set_app", _wrap_set_app)


def _wrap_set_app(original: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    @wraps(original)
    def set_app(server: Any, application: Any) -> None:
        original(server, cover(application))

    return set_app
