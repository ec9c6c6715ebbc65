"""Records of OpenTelemetry's logs API: a processor that names the emitting code."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.sdk._logs import LogRecordProcessor
from opentelemetry.semconv.attributes.exception_attributes import EXCEPTION_TYPE

from aiprov_otel.attributes import CODE, EXCEPTION_ORIGIN, ORIGIN, Attributes
from aiprov_otel.runtime import exception_state, stack, state
from aiprov_otel.runtime.annotator import Annotator
from aiprov_otel.runtime.exception_logs import EVENT
from aiprov_otel.runtime.fast_path import OURS, fitting
from aiprov_otel.runtime.guard import swallow

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import ReadWriteLogRecord  # since 1.39

_LOGGING: Final = logging.Logger.handle.__code__.co_filename
_NEAR: Final = 15
"""Frames above the processor within which `logging` is met, if the record came from there."""


class ProvenanceLogRecordProcessor(LogRecordProcessor):
    """
    Gives each record the provenance of the nearest application frame, which emits it.

    A record with `exception=` also carries who wrote the line that raised. Attributes set by the
    emitter are never overwritten. Records of the standard `logging` are left alone: `install()`
    annotates them when they are made. Add it to a
    `LoggerProvider` by hand, before the processors that export, or let `install()` do it.
    """

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Annotate *log_record* while it can still be written to."""
        try:
            annotator = state.current or state.annotator()
            if annotator is None or _is_ours(log_record):
                return
            record = log_record.log_record
            # `install()` has annotated most records of `logging`; those need no walk.
            if exception_state.is_logging() or ORIGIN not in (record.attributes or ()):
                _name_emitter(annotator, record, sys._getframe(1))  # noqa: SLF001 (inspect is slow)
            if (error := getattr(record, "exception", None)) is not None:  # since 1.42
                exception_state.remember_logged(error)
                _set(record, EXCEPTION_ORIGIN, _raised(annotator, error, record))
        except Exception as error:  # noqa: BLE001 (a hot path: the guard without its block)
            swallow(error)

    def shutdown(self) -> None:
        """Nothing to shut down."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing to flush."""
        return True


def _is_ours(record: ReadWriteLogRecord) -> bool:
    """Whether we emitted *record*, which is complete then."""
    scope = record.instrumentation_scope
    return scope is not None and scope.name == OURS


def _name_emitter(annotator: Annotator, record: Any, frame: FrameType) -> None:
    """Give *record* the provenance of the line that emitted it, in *frame* or above."""
    if _is_from_logging(frame):
        # In this order: to ask the SDK's mapping for a key that it has not is slow.
        if exception_state.is_logging() and EXCEPTION_TYPE in (record.attributes or ()):
            exception_state.finish_logging()
    elif (emitting := stack.above(annotator.resolver, frame)) is not None:
        _set(record, ORIGIN, annotator.lines.of(emitting))


def _is_from_logging(frame: FrameType | None) -> bool:
    for _ in range(_NEAR):
        if frame is None:
            return False
        if frame.f_code.co_filename == _LOGGING:
            return True
        frame = frame.f_back
    return False


def _raised(annotator: Annotator, error: BaseException, record: Any) -> Attributes:
    """The attributes of *error*; `code.*` only where the record stands for nothing else."""
    event = annotator.exception(error).event
    if record.event_name == EVENT and CODE[0] not in record.attributes:
        return event
    return {key: value for key, value in event.items() if key not in CODE}


def _set(record: Any, mark: str, attributes: Attributes) -> None:
    """Set the missing keys of *attributes* on *record*; nothing if it has the key *mark*."""
    present = record.attributes
    if isinstance(present, MutableMapping) and mark not in present:
        limit = getattr(present, "maxlen", None)  # of the SDK's own mapping
        for key, value in fitting(attributes, limit, present).items():
            present.setdefault(key, value)
