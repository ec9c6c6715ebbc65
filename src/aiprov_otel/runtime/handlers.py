"""The unit `handler`: the function that serves the request, on the span of the request."""

from __future__ import annotations

from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import Span

from aiprov_otel.attributes import ORIGIN
from aiprov_otel.runtime import state
from aiprov_otel.runtime.callables import function_of
from aiprov_otel.runtime.fast_path import ENTRIES, held
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.spans import annotate, entry_span
from aiprov_otel.values import MISSING, Unit


def handled_by(thing: Any) -> None:
    """Say on the current server or consumer span that *thing*, a callable, serves it."""
    with guard:
        annotator = state.current or state.annotator()
        if annotator is None or (span := _serving()) is None or ORIGIN in (held(span) or ()):
            return
        if (function := function_of(thing)) is None:
            annotate(span, annotator.emission.of_unit(MISSING, Unit.HANDLER))
        else:
            annotate(span, annotator.unit(function.__code__, function.__module__, Unit.HANDLER))


def _serving() -> Span | None:
    """
    The server or consumer span of what this task or thread is doing now.

    A thread of a pool, or a context that was copied, may still hold one of another request: it
    counts only while a span of its trace is current.
    """
    current = trace.get_current_span()
    if isinstance(current, Span) and current.kind in ENTRIES and current.is_recording():
        return current
    span = entry_span()
    return span if span is not None and _trace_of(span) == _trace_of(current) else None


def _trace_of(span: trace.Span) -> int:
    return span.get_span_context().trace_id
