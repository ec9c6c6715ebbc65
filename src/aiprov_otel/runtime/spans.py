"""Spans that others start: a span processor that names the application code they stand for."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import SpanKind

from aiprov_otel.attributes import CODE, ORIGIN, Attributes
from aiprov_otel.runtime import state, walk
from aiprov_otel.runtime.guard import guard

_ENTRIES: Final = {SpanKind.SERVER, SpanKind.CONSUMER}
# Whose consumer spans stand for asking for messages, and end before these are handled.
_RECEIVERS: Final = frozenset(
    f"opentelemetry.instrumentation.{name}" for name in ("aiokafka", "confluent_kafka", "kafka")
)
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
        with guard:
            if (annotator := state.annotator()) is None:
                return
            if span.kind in _ENTRIES and not _is_asked_for(span):
                _entry.set(span)
            elif ORIGIN not in (span.attributes or ()) and (
                frame := walk.nearest(annotator.resolver)
            ):
                annotate(span, annotator.caller(frame))

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
    said = span.attributes or {}
    if ORIGIN in said:
        return
    if any(key in said for key in CODE):
        found = {key: value for key, value in found.items() if key not in CODE}
    span.set_attributes(found)
