"""Frameworks whose handlers name themselves on the server span; one small module each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Final

import wrapt

from aiprov_otel.runtime.frameworks import starlette
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.patching import Patches

Hook = Callable[[ModuleType, Patches], None]

_HOOKS: Final[dict[str, Hook]] = {
    "starlette.routing": starlette.hook,
    "fastapi.routing": starlette.hook_fastapi,
}


def hook(patches: Patches) -> None:
    """Meet each framework when it is imported, or at once if it was."""
    for name, meet in _HOOKS.items():
        wrapt.register_post_import_hook(partial(_imported, meet, patches), name)


def _imported(meet: Hook, patches: Patches, module: ModuleType) -> None:
    with guard:
        meet(module, patches)
