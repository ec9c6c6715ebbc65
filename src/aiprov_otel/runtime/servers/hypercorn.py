"""Hypercorn: it wraps the application to serve it, on asyncio and on trio."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.servers._cover import cover

MODULE: Final = "hypercorn.app_wrappers"


def instrument(app_wrappers: ModuleType, patches: Patches) -> None:
    """Cover the application that Hypercorn wraps."""
    patches.replace(app_wrappers.ASGIWrapper, "__init__", _wrap_init)
    patches.replace(app_wrappers.WSGIWrapper, "__init__", _wrap_init)


def _wrap_init(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def init(wrapper: Any, app: Any, *args: Any, **kwargs: Any) -> None:
        original(wrapper, cover(app), *args, **kwargs)

    return init
