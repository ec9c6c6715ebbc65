"""
`spans`: a function whose calls take long enough has a span for each such call from then on.

Such a span begins once its call has taken long enough. Until then it does not exist: the current
span is the one around it. From then on there is one that began when the call did, so a short call
makes none, and no span has a parent that was never sent.
"""

from __future__ import annotations

import sys
import threading
from contextvars import Token
from dataclasses import dataclass
from functools import cache
from time import perf_counter, perf_counter_ns, time_ns
from types import FrameType
from typing import Any, Final, Literal

from opentelemetry import context, metrics, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanContext, Status, StatusCode

from aiprov_otel import attributes as keys
from aiprov_otel.attributes import of_function
from aiprov_otel.runtime import state
from aiprov_otel.runtime.call_spans import Call, Site
from aiprov_otel.runtime.exception_state import is_failure, traceback_of, type_name
from aiprov_otel.runtime.fast_path import OURS
from aiprov_otel.runtime.guard import call_guard, guard, swallow
from aiprov_otel.runtime.import_hook.counters import (
    LEAST,
    MODULE,
    OPEN,
    SPANNED,
    FunctionCounters,
    Row,
)
from aiprov_otel.runtime.import_hook.timing import Running


class Pending(Span):
    """The span of a call that may have none yet; current while the call runs."""

    def __init__(self, site: Site, around: Context, least: int) -> None:
        self._site = site
        self._around = around
        self._least = least
        self._began = perf_counter_ns()
        self._began_at = time_ns()
        self._outer = trace.get_current_span(around)
        self.call: Call | None = None

    def due(self) -> Call | None:
        """Returns the call with its span, if it has taken long enough."""
        if self.call is None and perf_counter_ns() - self._began >= self._least:
            self.call = self._site.call(self._around, self._began_at)
        return self.call

    @property
    def _span(self) -> Span:
        call = self.due()
        return trace.get_current_span(call.context) if call else self._outer

    def end(self, end_time: int | None = None) -> None:
        """Does nothing: the span around it ends when its owner ends it."""

    def get_span_context(self) -> SpanContext:
        """Returns that of the current span."""
        return self._span.get_span_context()

    def set_attributes(self, attributes: Any) -> None:
        """Passes on to the current span, like all below."""
        self._span.set_attributes(attributes)

    def set_attribute(self, key: str, value: Any) -> None:
        """Passes on to the current span."""
        self._span.set_attribute(key, value)

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        """Passes on to the current span."""
        self._span.add_event(name, attributes, timestamp)

    def add_link(self, context: SpanContext, attributes: Any = None) -> None:
        """Passes on to the current span."""
        self._span.add_link(context, attributes)

    def update_name(self, name: str) -> None:
        """Passes on to the current span."""
        self._span.update_name(name)

    def is_recording(self) -> bool:
        """Passes on to the current span."""
        return self._span.is_recording()

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Passes on to the current span."""
        self._span.set_status(status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Any = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Passes on to the current span."""
        self._span.record_exception(exception, attributes, timestamp, escaped)


@dataclass(frozen=True, slots=True)
class SpanMaker:
    """Makes the spans of a function, for calls that take *least* nanoseconds or more."""

    function: FunctionCounters
    site: Site
    least: int


def start_spans(row: Row) -> SpanMaker:
    """Let calls of the function of *row* have spans from now on; returns what makes them."""
    function = next(function for function in row[MODULE] if function.row is row)
    site = Site(function.code, function.module.name)
    site.name = function.name  # which code of a lambda does not know
    row[SPANNED] = maker = SpanMaker(function, site, round(row[LEAST] * 1e9))
    row[OPEN] = open_call
    return maker


class _Busy(threading.local):
    """
    Whether this thread is making or ending a span.

    Processors and tracers run then; a span of theirs would call them again.
    """

    busy = False

    def __enter__(self) -> None:
        self.busy = True

    def __exit__(self, *_: object) -> None:
        self.busy = False


_BUSY: Final = _Busy()


class OpenCall:
    """A call that may have a span; current from `enter` to `leave`, which may come many times."""

    __slots__ = ("_began", "_maker", "_pending", "_started", "_token", "_within")

    def __init__(self, row: Row) -> None:
        self._maker = maker = row[SPANNED] or start_spans(row)
        self._began = perf_counter_ns()
        self._pending: Pending | None = None
        self._started: Call | None = None
        self._token: Token[Context] | None = None
        if maker.least:
            around = context.get_current()
            self._pending = Pending(maker.site, around, maker.least)
            self._within: Context | None = trace.set_span_in_context(self._pending, around)
        else:
            self._started = maker.site.call()
            self._within = self._started.context if self._started else None

    @property
    def call(self) -> Call | None:
        """The call, if it has a span."""
        return self._pending.call if self._pending else self._started

    def enter(self) -> None:
        """Make it current."""
        if self._within is not None:
            self._token = context.attach(self._within)

    def leave(self) -> None:
        """Make what was current before it current again."""
        if self._token is not None:
            context.detach(self._token)
            self._token = None

    def end(self, error: BaseException | None) -> None:
        """End it, failed by *error* if there is one."""
        self.leave()
        call = self._pending.due() if self._pending else self._started
        if call is not None:
            call.end(error)
            with guard:
                _record(self._maker.function, perf_counter_ns() - self._began, error, call.context)


def open_call(row: Row) -> OpenCall | Literal[False]:
    """Opens a call of the function of *row*, which has spans."""
    try:
        if _BUSY.busy:
            return False
        with _BUSY:
            call = OpenCall(row)
        call.enter()
    except RecursionError:  # no room for a span, but maybe for the call
        return False
    except Exception as error:  # noqa: BLE001 (a hot path: the guard without its block)
        swallow(error)
        return False
    return call


def finish_call(row: Row, call: OpenCall | Literal[False]) -> None:
    """End the calling call of the function of *row*: it has a span, or is the first to earn one."""
    try:
        if call:
            with _BUSY:
                call.end(_leaving(sys._getframe(1)))  # noqa: SLF001 (as in `walk`)
        else:
            start_spans(row)
    except RecursionError:
        pass
    except Exception as error:  # noqa: BLE001 (as above)
        swallow(error)


def _leaving(frame: FrameType) -> BaseException | None:
    """
    The exception that is leaving *frame*.

    One that an outer function handles meanwhile is the current one too, but has no step here.
    """
    error = sys.exception()
    step = traceback_of(error) if error is not None else None
    return error if step is not None and step.tb_frame is frame else None


class SpanRunning(Running):
    """A generator or a coroutine whose span is current while it runs."""

    __slots__ = ("_begun", "open_call")

    def __init__(self, row: Row) -> None:
        self._begun = perf_counter()
        self.open_call = OpenCall(row) if row[OPEN] is open_call else None
        super().__init__(row)

    @property
    def call(self) -> Call | None:
        """The call, if it has a span."""
        return self.open_call.call if self.open_call else None

    def resume(self) -> bool:
        """It runs from here on."""
        if self.open_call and not self.running:
            self.open_call.enter()
        return super().resume()

    def pause(self) -> None:
        """It is suspended."""
        if self.open_call and self.running:
            self.open_call.leave()
        super().pause()


def begin(row: Row) -> Running:
    """Begins a call of a generator or a coroutine."""
    try:
        if not _BUSY.busy:
            with _BUSY:
                return SpanRunning(row)
    except RecursionError:
        pass
    except Exception as error:  # noqa: BLE001 (as above)
        swallow(error)
    return Running(row)


def end_suspendable(running: Running) -> None:
    """End the calling call, of a generator or a coroutine."""
    try:
        running.pause()
        if isinstance(running, SpanRunning):
            with _BUSY:
                _finish(running, _leaving(sys._getframe(1)))  # noqa: SLF001 (as in `walk`)
    except RecursionError:
        pass
    except Exception as error:  # noqa: BLE001 (as above)
        swallow(error)


def _finish(running: SpanRunning, error: BaseException | None) -> None:
    if running.open_call:
        running.open_call.end(error)
    elif perf_counter() - running._begun >= running.row[LEAST]:  # noqa: SLF001 (our own class)
        start_spans(running.row)


@cache
def _histogram() -> metrics.Histogram:
    meter = metrics.get_meter(OURS)
    description = "Duration of calls that have a span, by origin"
    return meter.create_histogram(keys.FUNCTION_DURATION, "s", description)


def _record(
    function: FunctionCounters, spent: int, error: BaseException | None, within: Context
) -> None:
    annotator = state.annotator()
    if annotator is None:
        return
    attributes: dict[str, Any] = of_function(
        annotator.resolver.unit(function.code), function.reported
    )
    if is_failure(error):
        attributes[keys.ERROR_TYPE] = type_name(error)
    with call_guard:
        _histogram().record(spent / 1e9, attributes, within)
