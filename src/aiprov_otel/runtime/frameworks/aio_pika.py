"""aio-pika: the callback of a queue, for each message."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.callables import function_of
from aiprov_otel.runtime.frameworks._helpers import self_naming
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "opentelemetry.instrumentation.aio_pika.callback_decorator"
DISTRIBUTION: Final = "aio-pika"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-aio-pika"


def instrument(instrumentation: ModuleType, patches: Patches) -> None:
    """
    Name the callbacks of queues, where the instrumentation puts its span around them.

    A wrapper on the queue itself could end up outside that span.
    """
    patches.replace(instrumentation.CallbackDecorator, "decorate", _wrap_decorate)


def _wrap_decorate(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    @wraps(original)
    def decorate(decorator: Any, callback: Any) -> Any:
        return original(decorator, callback if _is_aio_pika_s(callback) else self_naming(callback))

    return decorate


def _is_aio_pika_s(callback: Any) -> bool:
    """Whether it belongs to a queue's iterator, which only stores the message."""
    function = function_of(callback)
    return function is not None and function.__module__.startswith("aio_pika.")
