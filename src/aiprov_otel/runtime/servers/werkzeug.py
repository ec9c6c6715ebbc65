"""Werkzeug's development server, with and without threads, as `flask run` starts it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.servers._cover import cover

MODULE: Final = "werkzeug.serving"


def instrument(serving: ModuleType, patches: Patches) -> None:
    """Cover the application that Werkzeug serves."""
    patches.replace(serving.BaseWSGIServer, "__init__", _wrap_init)


def _wrap_init(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.app = cover(self.app)

    return init
