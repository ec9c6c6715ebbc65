"""
Servers that load an ASGI or WSGI application: each wraps one whose requests have no span yet.

Each module of this package that has no leading underscore is one server:

* `MODULE`, whose import makes it known;
* `instrument(module, patches)`, which replaces what loads the application, and calls `cover`.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Final, Protocol, cast

from aiprov_otel.runtime.guard import call_guard, warn
from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.post_import import register_post_import_hook


class Server(Protocol):
    """What a module of this package provides."""

    MODULE: str

    def instrument(self, module: ModuleType, patches: Patches, /) -> None:
        """Replace what loads an application; *module* is the one named `MODULE`."""


SERVERS: Final = tuple(
    cast("Server", import_module(f"{__name__}.{module.name}"))
    for module in iter_modules(__path__)
    if not module.name.startswith("_")
)
instrumented: Final[set[str]] = set()
"""The `MODULE` of each server that this process has imported."""


def instrument(patches: Patches) -> None:
    """Instrument each server when it is imported, or at once if it was."""
    for server in SERVERS:
        register_post_import_hook(partial(_instrument_one, server, patches), server.MODULE)


def _instrument_one(server: Server, patches: Patches, module: ModuleType) -> None:
    with call_guard:
        try:
            server.instrument(module, patches)
            instrumented.add(server.MODULE)
        except AttributeError as error:
            message = f"{server.MODULE} gives its applications no spans: {error}"
            warn("framework-changed", message, about=server.MODULE)
