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
from aiprov_otel.runtime.exception_state import is_failure, type_name
from aiprov_otel.runtime.fast_path import OURS
from aiprov_otel.runtime.guard import guard, swallow
from aiprov_otel.runtime.import_hook.counters import LEAST, MODULE, OPEN, SPANNED, Counts, Slot
from aiprov_otel.runtime.import_hook.timing import Running


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


@dataclass(frozen=True, slots=True)
class Spanned:
    """What makes the spans of a function, and the nanoseconds that a call with a span takes."""

    slot: Slot
    site: Site
    least: int


def spanned_by(counts: Counts) -> Spanned:
    """What makes the spans of the function of *counts*; from now on, its calls have some."""
    slot = next(slot for slot in counts[MODULE] if slot.counts is counts)
    site = Site(slot.code, slot.module.name)
    site.name = slot.name  # which code of a lambda does not know
    counts[SPANNED] = made = Spanned(slot, site, round(counts[LEAST] * 1e9))
    counts[OPEN] = opened
    return made


class _Busy(threading.local):
    """
    What this thread does while it makes or ends a span.

    Processors, tracers and the like are called then; a span of theirs would call them again.
    """

    busy = False

    def __enter__(self) -> None:
        self.busy = True

    def __exit__(self, *_: object) -> None:
        self.busy = False


_BUSY: Final = _Busy()


class Opened:
    """A call that may have a span; current from `enter` to `leave`, which may come many times."""

    __slots__ = ("_began", "_pending", "_spanned", "_started", "_token", "_within")

    def __init__(self, counts: Counts) -> None:
        self._spanned = spanned = counts[SPANNED] or spanned_by(counts)
        self._began = perf_counter_ns()
        self._pending: Pending | None = None
        self._started: Call | None = None
        self._token: Token[Context] | None = None
        if spanned.least:
            around = context.get_current()
            self._pending = Pending(spanned.site, around, spanned.least)
            self._within: Context | None = trace.set_span_in_context(self._pending, around)
        else:
            self._started = spanned.site.call()
            self._within = self._started.context if self._started else None

    @property
    def call(self) -> Call | None:
        """The call, if it has a span."""
        return self._pending.call if self._pending else self._started

    def enter(self) -> None:
        """What begins from now on belongs to it."""
        if self._within is not None:
            self._token = context.attach(self._within)

    def leave(self) -> None:
        """What begins from now on does not."""
        if self._token is not None:
            context.detach(self._token)
            self._token = None

    def end(self, error: BaseException | None) -> None:
        """It ended, failed by *error* if there is one."""
        self.leave()
        call = self._pending.due() if self._pending else self._started
        if call is not None:
            call.end(error)
            with guard:
                _record(self._spanned.slot, perf_counter_ns() - self._began, error, call.context)


def opened(counts: Counts) -> Opened | Literal[False]:
    """A call of the function of *counts*, which has earned its spans."""
    try:
        if _BUSY.busy:
            return False
        with _BUSY:
            made = Opened(counts)
        made.enter()
    except RecursionError:  # no room for a span, but maybe for the call
        return False
    except Exception as error:  # noqa: BLE001 (a hot path: the guard without its block)
        swallow(error)
        return False
    return made


def finished(counts: Counts, call: Opened | Literal[False]) -> None:
    """A call of the function of *counts*, which calls this, ends: it has a span, or earned one."""
    try:
        if call:
            with _BUSY:
                call.end(_leaving(sys._getframe(1)))  # noqa: SLF001 (as in `walk`)
        else:
            spanned_by(counts)
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
    step = error.__traceback__ if error else None
    return error if step is not None and step.tb_frame is frame else None


class SpanRunning(Running):
    """A generator or a coroutine whose span is current while it runs."""

    __slots__ = ("_begun", "opened")

    def __init__(self, counts: Counts) -> None:
        self._begun = perf_counter()
        self.opened = Opened(counts) if counts[OPEN] is opened else None
        super().__init__(counts)

    @property
    def call(self) -> Call | None:
        """The call, if it has a span."""
        return self.opened.call if self.opened else None

    def resume(self) -> bool:
        """It runs from now on."""
        if self.opened and not self.running:
            self.opened.enter()
        return super().resume()

    def pause(self) -> None:
        """It is suspended."""
        if self.opened and self.running:
            self.opened.leave()
        super().pause()


def begun(counts: Counts) -> Running:
    """A call of a generator or a coroutine, which begins to run."""
    try:
        if not _BUSY.busy:
            with _BUSY:
                return SpanRunning(counts)
    except RecursionError:
        pass
    except Exception as error:  # noqa: BLE001 (as above)
        swallow(error)
    return Running(counts)


def ended(running: Running) -> None:
    """The call of the generator or the coroutine that calls this ends."""
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
    if running.opened:
        running.opened.end(error)
    elif perf_counter() - running._begun >= running.counts[LEAST]:  # noqa: SLF001 (our own class)
        spanned_by(running.counts)


@cache
def _histogram() -> metrics.Histogram:
    meter = metrics.get_meter(OURS)
    said = "Calls that have a span, by who wrote the function"
    return meter.create_histogram(keys.FUNCTION_DURATION, "s", said)


def _record(slot: Slot, spent: int, error: BaseException | None, within: Context) -> None:
    annotator = state.annotator()
    if annotator is None:
        return
    said: dict[str, Any] = of_function(annotator.resolver.unit(slot.code), slot.reported)
    if is_failure(error):
        said[keys.ERROR_TYPE] = type_name(error)
    _histogram().record(spent / 1e9, said, within)
