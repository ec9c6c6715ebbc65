"""Spans that others start: a processor that names the application code they stand for."""

from __future__ import annotations

import sys
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from aiprov_otel.attributes import CODE, ORIGIN, Attributes
from aiprov_otel.runtime import fast_path, handlers, stack, state
from aiprov_otel.runtime.annotator import Annotator
from aiprov_otel.runtime.fast_path import OURS, Fast, put
from aiprov_otel.runtime.guard import swallow
from aiprov_otel.values import Unit

# Their consumer spans stand for asking for messages, and end before these are handled.
_RECEIVERS: Final = frozenset(
    f"opentelemetry.instrumentation.{name}" for name in ("aiokafka", "confluent_kafka", "kafka")
)


class ProvenanceSpanProcessor(SpanProcessor):
    """
    Gives each span the provenance of the nearest application frame (unit `caller`).

    A span that a decorator opens stands for the decorated function (unit `function`). Server and
    consumer spans begin before application code runs; the handler names itself later (unit
    `handler`), or the function that opened the span by hand. Attributes that the opener of a span
    set are never overwritten. Add it to a `TracerProvider` by hand, or let `install()` do it.
    """

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Annotate *span* while it can still be written to."""
        try:
            annotator = state.current or state.annotator()
            if annotator is None:
                return
            if Fast.attributes:
                scope = span._instrumentation_scope  # noqa: SLF001 (as in `fast_path.held`)
                if scope is not None and scope._name == OURS:  # noqa: SLF001 (the same)
                    return  # it names its code itself
                if fast_path.call(annotator, span):
                    return
            _annotate_by_opener(annotator, span)
        except Exception as error:  # noqa: BLE001 (a hot path: the guard without its block)
            swallow(error)

    def on_end(self, span: ReadableSpan) -> None:
        """Nothing: a span that ended can't be written to."""

    def shutdown(self) -> None:
        """Nothing to shut down."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing to flush."""
        return True


def _annotate_by_opener(annotator: Annotator, span: Span) -> None:
    start = sys._getframe(fast_path.BENEATH)  # noqa: SLF001 (inspect costs ten times as much)
    is_entry = span.kind in fast_path.ENTRIES and not _is_asked_for(span)
    if _is_message(span):
        opener = stack.sender(annotator.resolver, start)
    else:
        opener = stack.opener(annotator.resolver, start, only_by_hand=is_entry)
    if is_entry:
        handlers.enter(span)
        if opener.by_hand and ORIGIN not in fast_path.attributes_of(span):
            _name_handler(annotator, span, opener)
    elif opener.function is not None:
        code, module = opener.function.__code__, opener.function.__module__
        annotate(span, annotator.unit(code, module, Unit.FUNCTION))
    elif opener.frame is not None:
        annotate(span, annotator.caller(opener.frame))


def _is_message(span: Span) -> bool:
    """Whether *span* stands for one message of a request, as ASGI has them."""
    scope = span.instrumentation_scope
    return scope is not None and scope.name in stack.MESSAGES and span.kind not in fast_path.ENTRIES


def _is_asked_for(span: Span) -> bool:
    """Whether the application called for what *span* received, as it calls a client."""
    scope = span.instrumentation_scope
    return scope is not None and scope.name in _RECEIVERS


def _name_handler(annotator: Annotator, span: Span, opener: stack.Opener) -> None:
    """Name the function that opened *span*, or that its decorator is on; a framework may follow."""
    if opener.function is not None:
        code, module = opener.function.__code__, opener.function.__module__
    elif opener.frame is not None:
        code, module = opener.frame.f_code, opener.frame.f_globals.get("__name__", "?")
    else:
        return
    handlers.name(span, annotator.unit(code, module, Unit.HANDLER))


def annotate(span: Span, attributes: Attributes) -> None:
    """Set *attributes* on *span*, unless it has some: `aiprov.*` and `code.*` each as a whole."""
    present = fast_path.attributes_of(span)
    if ORIGIN not in present:
        if not present.keys().isdisjoint(CODE):
            attributes = {key: value for key, value in attributes.items() if key not in CODE}
        put(span, attributes)
