"""uvicorn: its configuration loads the application, in each process that serves it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.servers._cover import cover

MODULE: Final = "uvicorn.config"


def instrument(config: ModuleType, patches: Patches) -> None:
    """Cover the application that uvicorn has loaded."""
    patches.replace(config.Config, "load", _wrap_load)


def _wrap_load(original: Callable[[Any], None]) -> Callable[[Any], None]:
    @wraps(original)
    def load(config: Any) -> None:
        original(config)
        config.loaded_app = cover(config.loaded_app)

    return load
