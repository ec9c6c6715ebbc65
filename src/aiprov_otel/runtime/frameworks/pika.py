"""Pika: the callback of a blocking channel, for each message."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.frameworks._helpers import self_naming
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "pika.adapters.blocking_connection"
DISTRIBUTION: Final = "pika"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-pika"


def instrument(blocking: ModuleType, patches: Patches) -> None:
    """Name the callbacks of blocking channels; other channels have no spans."""
    patches.replace(blocking.BlockingChannel, "basic_consume", _wrap_basic_consume)


def _wrap_basic_consume(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def basic_consume(
        channel: Any, queue: Any, on_message_callback: Any, *args: Any, **kwargs: Any
    ) -> Any:
        return original(channel, queue, self_naming(on_message_callback), *args, **kwargs)

    return basic_consume
