"""Standard `logging` and the providers of the logs API: each record names who wrote its lines."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial, wraps
from types import ModuleType
from typing import Any
from weakref import WeakSet

import wrapt
from opentelemetry import _logs

from aiprov_otel.attributes import CODE, EXCEPTION_ORIGIN, ORIGIN
from aiprov_otel.runtime import exception_state, state
from aiprov_otel.runtime.annotator import Annotator
from aiprov_otel.runtime.guard import guard, swallow
from aiprov_otel.runtime.patching import Patches


def hook_logging(patches: Patches) -> None:
    """
    Meet the records of every logger, once they are made.

    Not through the record factory: that is the application's to replace, before or after us, and
    what it returns may not yet hold what `extra` will, nor clash with it.
    """
    patches.replace(logging.Logger, "makeRecord", _making)


def _making(original: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    @wraps(original)
    def makeRecord(*args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: N802 (its name)
        record = original(*args, **kwargs)
        try:
            if (annotator := state.current) is not None:
                _annotate(record, annotator)
        except Exception as error:  # noqa: BLE001 (a hot path: the guard without its block)
            swallow(error)
        return record

    return makeRecord


def _annotate(record: logging.LogRecord, annotator: Annotator) -> None:
    """Say on *record* what nobody has said on it."""
    said = record.__dict__
    if (found := annotator.lines.at(record.pathname, record.lineno)) and ORIGIN not in said:
        if said.keys().isdisjoint(found):
            said.update(found)
        else:
            said.update({key: value for key, value in found.items() if key not in said})
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is not None and EXCEPTION_ORIGIN not in said:
        exception_state.is_logging(error)
        # `code.*` on a log record is the line that logged, and the handler's to say.
        for key, value in annotator.exception(error).event.items():
            if key not in CODE:
                said.setdefault(key, value)


# Our processor asks the state of the process, so one on a provider serves every installation.
_covered_providers: WeakSet[Any] = WeakSet()


def hook_providers(patches: Patches, given: _logs.LoggerProvider | None) -> None:
    """
    Meet the provider *given* or the global one, and those made later.

    The SDK's logs are met when they are imported, or at once if they were: to import them costs
    the detection of a resource.
    """
    meet = partial(_logs_imported, patches, given)
    wrapt.register_post_import_hook(meet, "opentelemetry.sdk._logs")


def _logs_imported(patches: Patches, given: _logs.LoggerProvider | None, sdk: ModuleType) -> None:
    with guard:
        patches.replace(sdk.LoggerProvider, "__init__", _provider_made)
        patches.replace(_logs, "set_logger_provider", _provider_set)
        _cover_provider(given or _logs.get_logger_provider())


def _provider_made(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        _cover_provider(self)

    return init


def _provider_set(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def set_logger_provider(logger_provider: _logs.LoggerProvider) -> None:
        _cover_provider(logger_provider)
        original(logger_provider)

    return set_logger_provider


def _cover_provider(provider: Any) -> None:
    from opentelemetry.sdk._logs import LoggerProvider

    from aiprov_otel.runtime.log_processor import (
        ProvenanceLogRecordProcessor,  # imports the SDK's logs
    )

    with guard:  # a subclass may not be ready for a processor
        if (
            state.annotator()
            and isinstance(provider, LoggerProvider)
            and provider not in _covered_providers
        ):
            processor = ProvenanceLogRecordProcessor()
            provider.add_log_record_processor(processor)
            _to_the_front(provider, processor)
            _covered_providers.add(provider)


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
