"""Frameworks whose handlers name themselves on the server span; one small module each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Final

import wrapt

from aiprov_otel.runtime.frameworks import (
    aio_pika,
    aiohttp,
    celery,
    django,
    falcon,
    flask,
    grpc,
    pika,
    starlette,
    tornado,
)
from aiprov_otel.runtime.guard import guard, warn
from aiprov_otel.runtime.patching import Patches

Hook = Callable[[ModuleType, Patches], None]

_HOOKS: Final[dict[str, Hook]] = {
    "aiohttp.web_app": aiohttp.hook,
    "celery.loaders.base": celery.hook,
    "django.core.handlers.base": django.hook,
    "falcon.app": falcon.hook,
    "fastapi.routing": starlette.hook_fastapi,
    "flask.app": flask.hook,
    "grpc": grpc.hook,
    "opentelemetry.instrumentation.aio_pika.callback_decorator": aio_pika.hook,
    "opentelemetry.instrumentation.tornado": tornado.hook,
    "pika.adapters.blocking_connection": pika.hook,
    "starlette.routing": starlette.hook,
}

met: Final[set[str]] = set()
"""The modules of frameworks whose handlers name themselves in this process."""


def hook(patches: Patches) -> None:
    """Meet each framework when it is imported, or at once if it was."""
    for name, meet in _HOOKS.items():
        wrapt.register_post_import_hook(partial(_imported, meet, patches), name)


def _imported(meet: Hook, patches: Patches, module: ModuleType) -> None:
    with guard:
        try:
            meet(module, patches)
            met.add(module.__name__)
        except AttributeError as error:
            name = module.__name__
            warn("framework-changed", f"{name} names no handlers: {error}", about=name)
