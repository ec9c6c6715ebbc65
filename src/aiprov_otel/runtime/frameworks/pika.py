"""Pika: what a blocking channel calls for each message."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from aiprov_otel.runtime.frameworks._helpers import naming
from aiprov_otel.runtime.patching import Patches


def hook(blocking: ModuleType, patches: Patches) -> None:
    """Meet the callbacks of blocking channels; others have no spans."""
    patches.replace(blocking.BlockingChannel, "basic_consume", _naming)


def _naming(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def basic_consume(
        channel: Any, queue: Any, on_message_callback: Any, *args: Any, **kwargs: Any
    ) -> Any:
        return original(channel, queue, naming(on_message_callback), *args, **kwargs)

    return basic_consume
