"""gRPC: a servicer's methods name themselves, in threads and in asyncio."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.frameworks._helpers import naming
from aiprov_otel.runtime.patching import Patches

_KINDS: Final = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


def hook(grpc: ModuleType, patches: Patches) -> None:
    """Meet the methods that generated code, or code by hand, registers."""
    for kind in _KINDS:
        patches.replace(grpc, f"{kind}_rpc_method_handler", _naming)


def _naming(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def rpc_method_handler(behavior: Any, *args: Any, **kwargs: Any) -> Any:
        return original(naming(behavior), *args, **kwargs)

    return rpc_method_handler
