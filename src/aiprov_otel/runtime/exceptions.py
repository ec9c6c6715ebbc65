"""Exceptions that spans record: the line that raised, on the event and on the failed span."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import Span
from opentelemetry.util.types import Attributes as OtelAttributes

from aiprov_otel.attributes import (
    CODE,
    ERROR_ORIGIN,
    ERROR_OUTCOME,
    ERROR_TYPE,
    EXCEPTION_ORIGIN,
    Attributes,
)
from aiprov_otel.runtime import fast_path, outcomes, state
from aiprov_otel.runtime.exception_state import type_name
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.interrupts import is_foreign
from aiprov_otel.runtime.patching import Patches

_RAISED = "_aiprov_raised"  # our own attribute on a span: what its last exception will fail it with


def instrument(patches: Patches) -> None:
    """Wrap the methods of the SDK's span that record a failure, and the one that ends it."""
    patches.replace(Span, "record_exception", _wrap_record_exception)
    patches.replace(Span, "set_status", _wrap_set_status)
    patches.replace(Span, "end", _wrap_end)


def _wrap_record_exception(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def record_exception(
        span: Span,
        exception: BaseException,
        attributes: OtelAttributes = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        with guard:
            attributes = _annotated(span, exception, attributes)
        if not _recorded_fast(span, exception, attributes, *args, **kwargs):
            original(span, exception, attributes, *args, **kwargs)

    return record_exception


def _recorded_fast(*args: Any, **kwargs: Any) -> bool:
    if not fast_path.Fast.exceptions or state.annotator() is None:
        return False
    try:
        fast_path.record(*args, **kwargs)
    except Exception as error:
        if is_foreign(error, in_call=True):
            raise
        return False  # what fails here, the SDK does and reports in its own way
    return True


def _wrap_set_status(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def set_status(span: Span, *args: Any, **kwargs: Any) -> None:
        original(span, *args, **kwargs)
        with guard:
            if outcomes.has_failed(span) and span.is_recording():
                outcomes.failed(span)
                if raised := span.__dict__.get(_RAISED):
                    fail(span, raised)

    return set_status


def _wrap_end(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def end(span: Span, *args: Any, **kwargs: Any) -> None:
        if id(span) in outcomes.waiting:  # a hot path: without a call of ours
            with guard:
                if (error := outcomes.unrecorded(span)) is not None:
                    span.record_exception(error)
                fail(span, outcomes.ended(span))
        original(span, *args, **kwargs)

    return end


def _annotated(span: Span, exception: BaseException, attributes: OtelAttributes) -> OtelAttributes:
    """*attributes* and those of *exception*; the caller's own win."""
    annotator = state.annotator()
    if annotator is None or not span.is_recording() or EXCEPTION_ORIGIN in (attributes or {}):
        return attributes
    raised = annotator.exception(exception)
    event = outcomes.recorded(span, exception, raised, trace.set_span_in_context(span))
    error = raised.error | {ERROR_TYPE: type_name(exception)}
    setattr(span, _RAISED, error)
    if outcomes.has_failed(span):
        fail(span, error)
    theirs = dict(attributes or {})
    ours = event
    if not theirs.keys().isdisjoint(CODE):
        ours = {key: value for key, value in ours.items() if key not in CODE}
    return {**fast_path.fitting_event(span, ours, theirs), **theirs}


def fail(span: Span, error: Attributes) -> None:
    """Put *error*, of what failed *span*, on it; nothing of the line that raised if it has one."""
    if not error or not span.is_recording():
        return
    present = fast_path.attributes_of(span)
    if ERROR_ORIGIN in present:
        error = {key: value for key, value in error.items() if key == ERROR_OUTCOME}
    fast_path.put(span, {key: value for key, value in error.items() if key not in present})
