"""Waitress: a server is made with the application."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.servers._cover import cover

MODULE: Final = "waitress.server"


def instrument(server: ModuleType, patches: Patches) -> None:
    """Cover the application that Waitress serves."""
    patches.replace(server.BaseWSGIServer, "__init__", _wrap_init)


def _wrap_init(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def init(self: Any, application: Any, *args: Any, **kwargs: Any) -> None:
        original(self, cover(application), *args, **kwargs)

    return init
