"""The SDK's span behind another: one that a library wraps, as Logfire does, or one of ours."""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.sdk.trace import Span


class PassingSpan(trace.Span):
    """A span that passes on to another, which may change."""

    @property
    def behind(self) -> trace.Span:
        """The one that it passes on to now."""
        raise NotImplementedError


def sdk_span(span: object) -> Span | None:
    """The span of the SDK that *span* is, or passes on to, as far as can be seen."""
    while isinstance(span, PassingSpan):
        span = span.behind
    if isinstance(span, Span):
        return span
    values = getattr(span, "__dict__", {}).values()
    return next((each for each in values if isinstance(each, Span)), None)
