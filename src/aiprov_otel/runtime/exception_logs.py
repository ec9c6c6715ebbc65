"""An exception as a log record, in the form of the semantic conventions for exceptions in logs."""

from __future__ import annotations

import time
import traceback
from typing import Final

from opentelemetry._logs import Logger, NoOpLogger, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.semconv.attributes.exception_attributes import (
    EXCEPTION_ESCAPED,
    EXCEPTION_MESSAGE,
    EXCEPTION_STACKTRACE,
    EXCEPTION_TYPE,
)
from opentelemetry.trace import Span

from aiprov_otel import settings
from aiprov_otel.attributes import Attributes
from aiprov_otel.runtime import exception_state, state, traceback_text
from aiprov_otel.runtime.exception_state import message_of, type_name
from aiprov_otel.runtime.fast_path import Fast, fitting_event
from aiprov_otel.runtime.guard import call_guard, warn
from aiprov_otel.runtime.interrupts import is_foreign
from aiprov_otel.runtime.unwrapping import sdk_span

EVENT: Final = "exception"
"""The event name of a record that stands for an exception."""

_IGNORED: Final = (
    "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN is ignored because no logging provider is configured;"
    " exceptions stay events of their spans"
)


def record(span: Span, context: Context, error: Exception, event: Attributes) -> None:
    """Record *error* on *span*, as a log record in its *context*, or both, as configured."""
    signal = settings.exception_signal()
    if signal != "events" and not emit(error, event, SeverityNumber.ERROR, context=context):
        warn("exception-signal-ignored", _IGNORED)
        signal = "events"
    if signal != "logs":
        _record_on(span, error, event)


def _record_on(span: Span, error: Exception, event: Attributes) -> None:
    try:
        span.record_exception(error, fitting_event(sdk_span(span), event, ()))
    except Exception as failed:
        if is_foreign(failed, in_call=True):
            raise
        with call_guard:
            span.add_event(EVENT, {**_described(error), EXCEPTION_ESCAPED: "False", **event})


def emit(
    error: Exception,
    event: Attributes,
    severity: SeverityNumber,
    *,
    body: str | None = None,
    context: Context | None = None,
) -> bool:
    """Emit *error* with what is known of it, *event*; False where no provider takes it."""
    if (logger := _logger()) is None:
        return False
    exception_state.remember_logged(error)
    now = time.time_ns()
    described = _described(error)
    with call_guard:
        logger.emit(
            timestamp=now,
            observed_timestamp=now,
            context=context,
            severity_number=severity,
            severity_text=severity.name,
            body=body,
            attributes={**event, **described},  # at a limit, the SDK drops the first
            event_name=EVENT,
        )
    return True


def _logger() -> Logger | None:
    logger = state.logger()
    # Before a provider is set there is a proxy, which has no public name.
    is_idle = isinstance(logger, NoOpLogger) or isinstance(
        getattr(logger, "_logger", None), NoOpLogger
    )
    return None if is_idle else logger


def _described(error: Exception) -> dict[str, str]:
    return {
        EXCEPTION_TYPE: type_name(error),
        EXCEPTION_MESSAGE: message_of(error),
        EXCEPTION_STACKTRACE: _text(error),
    }


def _text(error: Exception) -> str:
    try:
        if Fast.exceptions:
            return traceback_text.text_of(error)
        return "".join(traceback.format_exception(error))
    except Exception as failed:
        if is_foreign(failed, in_call=True):
            raise
        # A class whose attributes can't be read: its name, and the frames.
        frames = "".join(traceback.format_tb(exception_state.traceback_of(error)))
        return f"Traceback (most recent call last):\n{frames}{type_name(error)}\n"
