"""Celery: the loader sees a task after the signals, just before it runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.handlers import handled_by
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "celery.loaders.base"
DISTRIBUTION: Final = "celery"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-celery"


def instrument(base: ModuleType, patches: Patches) -> None:
    """Name the tasks of Celery."""
    patches.replace(base.BaseLoader, "on_task_init", _wrap_on_task_init)


def _wrap_on_task_init(original: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    @wraps(original)
    def on_task_init(loader: Any, task_id: Any, task: Any) -> Any:
        with call_guard:
            handled_by(task.run)
        return original(loader, task_id, task)

    return on_task_init
