"""
A span that begins once its call has taken long enough.

Until then it is not there: whoever asks the current span for anything, or starts one below it, has
to do with the span around it. From then on there is one that began when the call did; so a short
call makes none, and no span has a parent that was never sent.
"""

from __future__ import annotations

from time import perf_counter_ns, time_ns
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanContext, Status, StatusCode

from aiprov_otel.runtime.call_spans import Call, Site


class Pending(Span):
    """What stands for the span of a call, current while the call runs."""

    def __init__(self, site: Site, around: Context, least: int) -> None:
        self._site = site
        self._around = around
        self._least = least
        self._began = perf_counter_ns()
        self._began_at = time_ns()
        self._outer = trace.get_current_span(around)
        self.call: Call | None = None

    def due(self) -> Call | None:
        """The call as one that has a span, if it has taken long enough."""
        if self.call is None and perf_counter_ns() - self._began >= self._least:
            self.call = self._site.call(self._around, self._began_at)
        return self.call

    @property
    def _span(self) -> Span:
        call = self.due()
        return trace.get_current_span(call.context) if call else self._outer

    def end(self, end_time: int | None = None) -> None:
        """Of the span around it, nobody but its owner may say that it ends."""

    def get_span_context(self) -> SpanContext:
        """That of the span which is there now."""
        return self._span.get_span_context()

    def set_attributes(self, attributes: Any) -> None:
        """On the span which is there now, and so for all that follow."""
        self._span.set_attributes(attributes)

    def set_attribute(self, key: str, value: Any) -> None:
        """As said above."""
        self._span.set_attribute(key, value)

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        """As said above."""
        self._span.add_event(name, attributes, timestamp)

    def add_link(self, context: SpanContext, attributes: Any = None) -> None:
        """As said above."""
        self._span.add_link(context, attributes)

    def update_name(self, name: str) -> None:
        """As said above."""
        self._span.update_name(name)

    def is_recording(self) -> bool:
        """As said above."""
        return self._span.is_recording()

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """As said above."""
        self._span.set_status(status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Any = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """As said above."""
        self._span.record_exception(exception, attributes, timestamp, escaped)
