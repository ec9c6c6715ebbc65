"""Providers of OpenTelemetry's logs API: each gets our processor, before those that export."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from types import ModuleType
from typing import Any
from weakref import WeakSet

import wrapt
from opentelemetry import _logs

from aiprov_otel.runtime import state
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.patching import Patches

# Our processor asks the state of the process, so one on a provider serves every installation.
_covered: WeakSet[Any] = WeakSet()


def hook(patches: Patches, given: _logs.LoggerProvider | None) -> None:
    """
    Meet the provider *given* or the global one, and those made later.

    The SDK's logs are met when they are imported, or at once if they were: to import them costs
    the detection of a resource.
    """
    meet = partial(_imported, patches, given)
    wrapt.register_post_import_hook(meet, "opentelemetry.sdk._logs")


def _imported(patches: Patches, given: _logs.LoggerProvider | None, sdk: ModuleType) -> None:
    with guard:
        patches.replace(sdk.LoggerProvider, "__init__", _made)
        patches.replace(_logs, "set_logger_provider", _set)
        _cover(given or _logs.get_logger_provider())


def _made(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        _cover(self)

    return init


def _set(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def set_logger_provider(logger_provider: _logs.LoggerProvider) -> None:
        _cover(logger_provider)
        original(logger_provider)

    return set_logger_provider


def _cover(provider: Any) -> None:
    from opentelemetry.sdk._logs import LoggerProvider

    from aiprov_otel.runtime.log_processor import (
        ProvenanceLogRecordProcessor,  # imports the SDK's logs
    )

    with guard:  # a subclass may not be ready for a processor
        if state.annotator() and isinstance(provider, LoggerProvider) and provider not in _covered:
            processor = ProvenanceLogRecordProcessor()
            provider.add_log_record_processor(processor)
            _to_the_front(provider, processor)
            _covered.add(provider)


def _to_the_front(provider: Any, processor: Any) -> None:
    """
    Let *processor* run first: behind one that exports at once, it would come too late.

    Where the SDK has no such list any more, it stays where the public way puts it: in time for
    those that export in batches, as a rule.
    """
    several = getattr(provider, "_multi_log_record_processor", None)
    known = getattr(several, "_log_record_processors", None)
    if several is not None and isinstance(known, tuple):
        with several._lock:  # noqa: SLF001 (a canary in the tests)
            behind = (each for each in several._log_record_processors if each is not processor)  # noqa: SLF001
            several._log_record_processors = (processor, *behind)  # noqa: SLF001
