"""gRPC: the methods of a servicer, in threads and in asyncio."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any, Final

from aiprov_otel.runtime.frameworks._helpers import self_naming
from aiprov_otel.runtime.patching import Patches

MODULE: Final = "grpc"
DISTRIBUTION: Final = "grpcio"
INSTRUMENTATION: Final = "opentelemetry-instrumentation-grpc"

_KINDS: Final = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


def instrument(grpc: ModuleType, patches: Patches) -> None:
    """Name the methods that are registered with a server."""
    for kind in _KINDS:
        patches.replace(grpc, f"{kind}_rpc_method_handler", _wrap_rpc_method_handler)


def _wrap_rpc_method_handler(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def rpc_method_handler(behavior: Any, *args: Any, **kwargs: Any) -> Any:
        return original(self_naming(behavior), *args, **kwargs)

    return rpc_method_handler
