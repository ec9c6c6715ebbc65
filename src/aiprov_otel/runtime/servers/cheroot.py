"""Cheroot, the server of CherryPy: a server is made with the application."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.servers._cover import cover

MODULE: Final = "cheroot.wsgi"


def instrument(wsgi: ModuleType, patches: Patches) -> None:
    """Cover the application that Cheroot serves."""
    patches.replace(wsgi.Server, "__init__", _wrap_init)


def _wrap_init(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.wsgi_app = cover(self.wsgi_app)

    return init
