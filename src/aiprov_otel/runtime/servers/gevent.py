"""gevent: a server is made with the application."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.servers._cover import cover

MODULE: Final = "gevent.pywsgi"


def instrument(pywsgi: ModuleType, patches: Patches) -> None:
    """Cover the application that gevent serves."""
    patches.replace(pywsgi.WSGIServer, "__init__", _wrap_init)


def _wrap_init(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if self.application is not None:  # a subclass may answer without one
            self.application = cover(self.application)

    return init
