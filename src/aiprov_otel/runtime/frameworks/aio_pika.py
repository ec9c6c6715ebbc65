"""aio-pika: what a queue calls for each message."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from aiprov_otel.runtime.callables import function_of
from aiprov_otel.runtime.frameworks._helpers import naming
from aiprov_otel.runtime.patching import Patches


def hook(instrumentation: ModuleType, patches: Patches) -> None:
    """
    Meet the callbacks of queues where the instrumentation puts its span around them.

    On the queue itself, ours could come to stand outside of that span.
    """
    patches.replace(instrumentation.CallbackDecorator, "decorate", _naming)


def _naming(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    @wraps(original)
    def decorate(decorator: Any, callback: Any) -> Any:
        return original(decorator, callback if _is_its_own(callback) else naming(callback))

    return decorate


def _is_its_own(callback: Any) -> bool:
    """Whether it is an iterator's, that puts the message by for whoever asks for the next."""
    function = function_of(callback)
    return function is not None and function.__module__.startswith("aio_pika.")
