"""
Frameworks whose handlers name themselves on the server span.

Each module of this package that has no leading underscore is one framework:

* `MODULE`, whose import makes it known;
* `DISTRIBUTION`, which installs it, and `INSTRUMENTATION`, which gives it spans;
* `instrument(module, patches)`, which replaces what calls the handlers.

This package is the only list of them: `aiprov doctor` and the tests read it.
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


class Framework(Protocol):
    """What a module of this package provides."""

    MODULE: str
    DISTRIBUTION: str
    INSTRUMENTATION: str

    def instrument(self, module: ModuleType, patches: Patches, /) -> None:
        """Replace what calls the handlers; *module* is the one named `MODULE`."""


FRAMEWORKS: Final = tuple(
    cast("Framework", import_module(f"{__name__}.{module.name}"))
    for module in iter_modules(__path__)
    if not module.name.startswith("_")
)
instrumented: Final[set[str]] = set()
"""The `MODULE` of each framework whose handlers name themselves in this process."""


def instrument(patches: Patches) -> None:
    """Instrument each framework when it is imported, or at once if it was."""
    for framework in FRAMEWORKS:
        register_post_import_hook(partial(_instrument_one, framework, patches), framework.MODULE)


def _instrument_one(framework: Framework, patches: Patches, module: ModuleType) -> None:
    with call_guard:
        try:
            framework.instrument(module, patches)
            instrumented.add(framework.MODULE)
        except AttributeError as error:
            name = framework.MODULE
            warn("framework-changed", f"{name} names no handlers: {error}", about=name)
