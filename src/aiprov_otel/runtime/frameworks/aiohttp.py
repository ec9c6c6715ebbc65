"""aiohttp.web: below all middlewares of an application comes what its route calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from inspect import isclass
from types import ModuleType
from typing import Any

from aiprov_otel.runtime.frameworks._helpers import method_of
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.patching import Patches
from aiprov_otel.runtime.spans import handled_by

Middlewares = Callable[[Any], Iterator[tuple[Any, bool]]]


def hook(web_app: ModuleType, patches: Patches) -> None:
    """Meet the handlers of aiohttp.web."""
    patches.replace(web_app.Application, "_prepare_middleware", _naming)


def _naming(original: Middlewares) -> Middlewares:
    @wraps(original)
    def prepare_middleware(app: Any) -> Iterator[tuple[Any, bool]]:
        yield _innermost, True  # they are asked for from the handler outwards
        yield from original(app)

    return prepare_middleware


def _innermost(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Awaitable[Any]:
    with guard:
        # An application within another has its own; and a 404 is no handler's.
        if request.match_info.apps[-1] is request.match_info.current_app:
            _name(request)
    return handler(request)


def _name(request: Any) -> None:
    if request.match_info.http_exception is None:
        handler = request.match_info.handler
        is_view = isclass(handler)
        handled_by(method_of(handler, request.method) if is_view else handler)
