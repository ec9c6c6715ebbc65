"""FastAPI: its routes need not pass through those of Starlette."""

from __future__ import annotations

from types import ModuleType
from typing import Final

from aiprov_otel.runtime.frameworks.starlette import wrap_handle
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "fastapi.routing"
DISTRIBUTION: Final = "fastapi"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-fastapi"


def instrument(routing: ModuleType, patches: Patches) -> None:
    """Name the endpoints of FastAPI's routes."""
    if "handle" in vars(routing.APIRoute):
        patches.replace(routing.APIRoute, "handle", wrap_handle)
