"""
`spans`: a function whose calls take long enough has a span for each such call from then on.

Such a span begins once its call has taken long enough. Until then it does not exist: the current
span is the one around it. From then on there is one that began when the call did, so a short call
makes none, and no span has a parent that was never sent.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Generator
from contextvars import Token
from dataclasses import dataclass
from functools import cache, partial
from time import perf_counter, perf_counter_ns, time_ns
from types import FrameType
from typing import Any, Final, Literal

from opentelemetry import context, metrics, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanContext, Status, StatusCode

from aiprov_otel import attributes as keys
from aiprov_otel.attributes import of_function
from aiprov_otel.runtime import state
from aiprov_otel.runtime.annotator import Annotator
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
from aiprov_otel.runtime.import_hook.exception_table import leaves_without_memory
from aiprov_otel.runtime.import_hook.timing import Running
from aiprov_otel.runtime.unwrapping import PassingSpan


class Pending(PassingSpan):
    """The span of a call that may have none yet; current while the call runs."""

    def __init__(self, site: Site, around: Context, least: float) -> None:
        self._site = site
        self._around = around
        self._least = least
        self._began = perf_counter_ns()
        self._outer = trace.get_current_span(around)
        self.call: Call | None = None

    def due(self) -> Call | None:
        """Returns the call with its span, if it has taken long enough."""
        if self.call is None and perf_counter_ns() - self._began >= self._least:
            mine = object()  # another thread, or a provider in `_start`, may come here too
            if self.__dict__.setdefault("_starter", mine) is mine:
                with _thread.busy_lock:
                    self._start()
        return self.call

    def finish(self) -> None:
        """The call has ended: a context that was copied from it begins no span for it."""
        self._least = math.inf

    def _start(self) -> None:
        # Programs replace the wall clock in tests: a call without a span never reads it.
        began = time_ns() - (perf_counter_ns() - self._began)
        self.call = self._site.prepare(self._around, began)
        if self.call is not None:
            self.call.start()

    def find(self) -> Span:
        """Begins the span of the call, if it has taken long enough; else the one around it."""
        try:
            if (call := self.due()) is not None:
                return trace.get_current_span(call.context)
        except RecursionError:  # no room for a span, but maybe for what asks for the current one
            pass
        except Exception as error:  # noqa: BLE001 (the application asks: the guard without its block)
            swallow(error)
        return self._outer

    def end(self, end_time: int | None = None) -> None:
        """Does nothing: the span around it ends when its owner ends it."""

    def get_span_context(self) -> SpanContext:
        """Returns that of the current span."""
        return self.find().get_span_context()

    def set_attributes(self, attributes: Any) -> None:
        """Passes on to the current span, like all below."""
        self.find().set_attributes(attributes)

    def set_attribute(self, key: str, value: Any) -> None:
        """Passes on to the current span."""
        self.find().set_attribute(key, value)

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        """Passes on to the current span."""
        self.find().add_event(name, attributes, timestamp)

    def add_link(self, context: SpanContext, attributes: Any = None) -> None:
        """Passes on to the current span."""
        self.find().add_link(context, attributes)

    def update_name(self, name: str) -> None:
        """Passes on to the current span."""
        self.find().update_name(name)

    def is_recording(self) -> bool:
        """Passes on to the current span."""
        return self.find().is_recording()

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Passes on to the current span."""
        self.find().set_status(status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Any = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Passes on to the current span."""
        self.find().record_exception(exception, attributes, timestamp, escaped)


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


class _Thread(threading.local):
    """
    The lock that a thread holds while it makes or ends a span; each thread has its own.

    Processors and tracers run then; a span of theirs would call them again. A lock can be held
    twice, and is released in C, where Python takes no signal.
    """

    def __init__(self) -> None:
        self.busy_lock = threading.RLock()

    def is_busy(self) -> bool:
        """Whether it is making or ending a span."""
        return self.busy_lock._is_owned()  # type: ignore[no-any-return, attr-defined]  # noqa: SLF001 (as `Condition` does)


_thread: Final = _Thread()


class OpenCall:
    """
    A call that may have a span; current from `enter` to `leave`, which may come many times.

    A signal handler may raise at any moment, also in a method of this class: after `close`, the
    span has ended and the context is that from before, however far the others came.
    """

    __slots__ = (
        "_around",
        "_began",
        "_entered",
        "_maker",
        "_pending",
        "_started",
        "_token",
        "_within",
        "running",
    )

    def __init__(self, row: Row) -> None:
        self._maker: SpanMaker = row[SPANNED] or start_spans(row)
        self._began = perf_counter_ns()
        self._pending: Pending | None = None
        self._started: Call | None = None
        self._within: Context | None = None
        self._entered = False
        self._token: Token[Context] | None = None
        self.running: SpanRunning | None = None

    def open(self) -> None:
        """Start its span, if each call has one, and make it current."""
        with _thread.busy_lock:
            self._start()
        self.enter()

    def _start(self) -> None:
        maker = self._maker
        if maker.least:
            around = context.get_current()
            self._pending = Pending(maker.site, around, maker.least)
            self._within = trace.set_span_in_context(self._pending, around)
        elif (call := maker.site.prepare()) is not None:
            self._started = call
            call.start()
            self._within = call.context

    def enter(self) -> None:
        """Make it current, unless it is."""
        if self._within is not None and not self._entered:
            self._around = context.get_current()
            self._entered = True
            self._token = context.attach(self._within)

    def leave(self) -> None:
        """Make what was current before it current again."""
        if self._entered:
            try:
                self._restore()
            except MemoryError:  # a second try would crash Python, in `attach`
                self._entered = False
                raise
            self._entered = False

    def _restore(self) -> None:
        token, self._token = self._token, None
        if type(token) is Token:
            token.var.reset(token)  # the SDK's `detach` swallows what a signal handler raises
        else:
            context.attach(self._around)  # the token was lost as attaching was interrupted

    def end(self) -> None:
        """End it, failed by the exception that is leaving the calling function, if there is one."""
        with _thread.busy_lock:
            self._end(_leaving(sys._getframe(2)))  # noqa: SLF001 (as in `walk`)

    def _end(self, error: BaseException | None) -> None:
        if self.running is not None:
            self.running.pause()
            self.running = None  # which holds this one
        self.leave()
        call = self._started
        if self._pending:
            call = self._pending.due()
            self._pending.finish()
        if call is not None:
            call.end(error)
            _record(self._maker.function, perf_counter_ns() - self._began, error, call.context)

    def close(self) -> None:
        """Leave it and end its span, unless that was done."""
        self.leave()
        call = self._started
        if self._pending:
            self._pending.finish()
            call = self._pending.call
        if call is not None and call.is_open:
            call.close()


@leaves_without_memory
def _with_span(row: Row) -> Generator[OpenCall, None, None]:
    """
    Yields a call of the function of *row*, opened, and ends it in the next step.

    Python takes signals as a function starts, before its first line. A generator that is resumed is
    in its `try` then, and what resumes it is in C: the call is closed, whichever line an
    interrupt reaches.
    """
    call = None
    try:
        try:
            call = OpenCall(row)
            call.open()
            yield call
            call.end()
        finally:
            if call is not None:
                call.close()
    except RecursionError:  # no room for a span, but maybe for the call
        pass
    except Exception as error:  # noqa: BLE001 (a hot path: the guard without its block)
        swallow(error)


@leaves_without_memory
def open_call(row: Row) -> Generator[OpenCall, None, None] | Literal[False]:
    """Opens a call of the function of *row*, which has spans; the next step ends it."""
    try:
        if _thread.is_busy():
            return False
        steps = _with_span(row)
        try:
            return steps if next(steps, None) else False
        except BaseException:
            steps.close()
            raise
    except RecursionError:
        return False
    except Exception as error:  # noqa: BLE001 (as above)
        swallow(error)
        return False


def earn_spans(_: Literal[False], row: Row) -> None:
    """Let the function of *row* have spans from now on: a call without one took long enough."""
    try:
        if row[SPANNED] is None:
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
    """A generator or a coroutine whose span is current while it runs; *steps* is `_with_span`."""

    __slots__ = ("_call", "finish")

    def __init__(self, row: Row, steps: Generator[OpenCall, None, None], call: OpenCall) -> None:
        self._call = call
        self.finish = partial(next, steps, None)
        call.running = self
        super().__init__(row)

    def resume(self, value: Any = True) -> Any:
        """Run from here on."""
        self._call.enter()
        return Running.resume(self, value)

    def pause(self, resumed: Any = True, value: Any = None) -> Any:
        """Be suspended, or end."""
        self._call.leave()
        return Running.pause(self, resumed, value)


class SpanlessRunning(Running):
    """One that has no span yet: its function has earned none."""

    __slots__ = ("_first",)

    def __init__(self, row: Row) -> None:
        self._first = perf_counter()
        super().__init__(row)

    def finish(self) -> None:
        """It ends, and may earn spans for its function."""
        self.pause()
        if perf_counter() - self._first >= self.row[LEAST]:
            earn_spans(False, self.row)


@leaves_without_memory
def begin(row: Row) -> Running:
    """Begins a call of a generator or a coroutine."""
    try:
        if not _thread.is_busy():
            running = _begin(row) if row[OPEN] is open_call else SpanlessRunning(row)
            if running is not None:
                return running
    except RecursionError:
        pass
    except Exception as error:  # noqa: BLE001 (as above)
        swallow(error)
    return Running(row)


def _begin(row: Row) -> Running | None:
    steps = _with_span(row)
    try:
        call = next(steps, None)
        return SpanRunning(row, steps, call) if call is not None else None
    except BaseException:
        steps.close()
        raise


@cache
def _histogram() -> metrics.Histogram:
    meter = metrics.get_meter(OURS)
    description = "Duration of calls that have a span, by origin"
    return meter.create_histogram(keys.FUNCTION_DURATION, "s", description)


def _record(
    function: FunctionCounters, spent: int, error: BaseException | None, within: Context
) -> None:
    with guard:
        if (annotator := state.annotator()) is not None:
            _record_with(annotator, function, spent, error, within)


def _record_with(
    annotator: Annotator,
    function: FunctionCounters,
    spent: int,
    error: BaseException | None,
    within: Context,
) -> None:
    attributes: dict[str, Any] = of_function(
        annotator.resolver.unit(function.code), function.reported
    )
    if is_failure(error):
        attributes[keys.ERROR_TYPE] = type_name(error)
    with call_guard:
        _histogram().record(spent / 1e9, attributes, within)
