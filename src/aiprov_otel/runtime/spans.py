"""Spans that others start: a processor that names the application code they stand for."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from aiprov_otel.attributes import CODE, ORIGIN, Attributes
from aiprov_otel.runtime import fast_path, stack, state
from aiprov_otel.runtime.callables import function_of
from aiprov_otel.runtime.fast_path import ENTRIES, held, put
from aiprov_otel.runtime.guard import guard, swallow
from aiprov_otel.values import MISSING, Unit

# Whose consumer spans stand for asking for messages, and end before these are handled.
_RECEIVERS: Final = frozenset(
    f"opentelemetry.instrumentation.{name}" for name in ("aiokafka", "confluent_kafka", "kafka")
)
_BENEATH: Final = 3  # the processor, the SDK's composite, and `Span.start`
_entry: ContextVar[Span | None] = ContextVar("aiprov_entry", default=None)


class ProvenanceSpanProcessor(SpanProcessor):
    """
    Gives each span the provenance of the nearest application frame (unit `caller`).

    Server and consumer spans begin before application code runs; the handler names itself later
    (unit `handler`). What the opener of a span said about it is never overwritten. Add it to a
    `TracerProvider` by hand, or let `install()` do it.
    """

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Annotate *span* while it can still be written to."""
        try:
            annotator = state.current or state.annotator()
            if annotator is None or fast_path.call(annotator, span):
                return
            if span.kind in fast_path.ENTRIES and not _is_asked_for(span):
                _entry.set(span)
                return
            frame = stack.above(annotator.resolver, sys._getframe(_BENEATH))  # noqa: SLF001 (inspect costs ten times as much)
            if frame is not None:
                annotate(span, annotator.caller(frame))
        except Exception as error:  # noqa: BLE001 (a hot path: the guard without its block)
            swallow(error)

    def on_end(self, span: ReadableSpan) -> None:
        """Nothing: a span that ended can't be written to."""

    def shutdown(self) -> None:
        """Nothing to shut down."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing to flush."""
        return True


def _is_asked_for(span: Span) -> bool:
    """Whether the application called for what *span* received, as it calls a client."""
    scope = span.instrumentation_scope
    return scope is not None and scope.name in _RECEIVERS


def entry_span() -> Span | None:
    """The server or consumer span that this task or thread is serving, while it records."""
    span = _entry.get()
    return span if span is not None and span.is_recording() else None


def annotate(span: Span, found: Attributes) -> None:
    """Set *found* on *span*, but for what was said before: `aiprov.*` and `code.*` as a whole."""
    if ORIGIN not in (said := held(span) or dict(span.attributes or {})):
        if not said.keys().isdisjoint(CODE):
            found = {key: value for key, value in found.items() if key not in CODE}
        put(span, found)


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
