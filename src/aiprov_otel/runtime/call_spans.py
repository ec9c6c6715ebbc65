"""One call of a function as one span: the block that every kind of callable shares."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import CodeType
from typing import Final
from weakref import ref

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.trace import NoOpTracer, Span, StatusCode, Tracer

from aiprov_otel.attributes import ERROR_TYPE, Attributes
from aiprov_otel.runtime import exception_logs, outcomes, state
from aiprov_otel.runtime.annotator import Annotator
from aiprov_otel.runtime.exception_state import (
    ENDS,
    bare_name,
    first_recorded,
    is_failure,
    message_of,
    traceback_of,
    type_name,
)
from aiprov_otel.runtime.fast_path import OURS, Fast, held
from aiprov_otel.runtime.guard import call_guard, guard, swallow
from aiprov_otel.runtime.unwrapping import sdk_span
from aiprov_otel.values import MISSING, Unit

_SDK: Final = "opentelemetry.sdk.trace"


class Call:
    """
    A span over one call, which runs in its *context* from `enter` or `resume` to `leave`.

    A signal handler may raise at any moment, also in a method of this class: after `close`, the
    span has ended and the context is that from before, however far the others came.
    """

    __slots__ = (
        "_around",
        "_attributes",
        "_began",
        "_entered",
        "_name",
        "_span",
        "_tracer",
        "context",
    )

    def __init__(
        self,
        tracer: Tracer,
        name: str,
        attributes: Attributes,
        current: Context | None = None,
        began: int | None = None,
    ) -> None:
        self._tracer = tracer
        self._name = name
        self._attributes = attributes
        self._began = began
        self._around = context.get_current() if current is None else current
        self._span: Span | None = None
        self._entered = False
        self.context = self._around

    def start(self) -> None:
        """Start the span; without one if a sampler or a processor fails."""
        around = self._around
        try:
            if Fast.attributes:
                self._span = span = self._tracer.start_span(
                    self._name, around, start_time=self._began
                )
                self.context = trace.set_span_in_context(span, around)
                if (mapping := held(span)) is not None:
                    mapping.update(self._attributes)
                else:
                    span.set_attributes(self._attributes)
            else:
                self._span = span = self._tracer.start_span(
                    self._name, around, attributes=self._attributes, start_time=self._began
                )
                self.context = trace.set_span_in_context(span, around)
        except BaseException as error:
            if self._span is None:
                self._span = _started_before(error)
            if not issubclass(type(error), Exception):
                raise
            swallow(error, in_call=True)  # type: ignore[arg-type]  # it is an Exception

    def enter(self) -> None:
        """What begins from now on belongs to the span."""
        try:
            self._entered = True
            context.attach(self.context)
        except RecursionError:  # no room for a span, but maybe for the call
            self._entered = False

    def resume(self) -> None:
        """Enter it in the context of now: a generator may be resumed in another."""
        try:
            self._around = context.get_current()
            self.enter()
        except RecursionError:  # as above
            self._entered = False

    def leave(self) -> None:
        """
        What begins from now on does not.

        The context from before is attached instead of detaching a token, which would be lost when
        attaching is interrupted; and the SDK swallows what a signal handler raises in `detach`.
        """
        context.attach(self._around)
        self._entered = False

    def end(self, error: BaseException | None) -> None:
        """Leave the context and end the span, failed by *error* if that is a failure."""
        if self._entered and type(error) is GeneratorExit:
            # Where a coroutine is closed, as garbage for example, is not where it was entered.
            self._entered = context.get_current() is self.context
        if self._entered:
            self.leave()
        try:
            if error is not None and is_failure(error) and not issubclass(type(error), ENDS):
                self._fail(error)
        except RecursionError:  # no room to record it
            pass
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether `close` has something to do."""
        return self._entered or self._span is not None

    def close(self) -> None:
        """Leave the context and end the span, unless that was done."""
        if self._entered:
            self.leave()
        if (span := self._span) is not None:
            try:
                if span.is_recording():
                    span.end()
            except Exception as error:  # noqa: BLE001 (another processor may fail)
                swallow(error, in_call=True)
            self._span = None

    def _fail(self, error: Exception) -> None:
        annotator, span = state.annotator(), self._span
        if annotator is None or span is None:
            return
        with guard:
            raised = annotator.exception(error)
            name, description = type_name(error), f"{bare_name(error)}: {message_of(error)}"
            sdk, event = sdk_span(span), raised.event
            if sdk is not None and sdk.is_recording():
                event = outcomes.recorded(sdk, error, raised, self.context)
            else:
                with call_guard:
                    outcomes.without_outcome(error, event, self.context)
            is_recording = False
            with call_guard:
                is_recording = span.is_recording()
            if not is_recording:
                return
            with call_guard:
                span.set_attributes({ERROR_TYPE: name, **raised.error})
            with call_guard:
                span.set_status(StatusCode.ERROR, description)
            with call_guard:
                if first_recorded(error, span.get_span_context().trace_id):
                    exception_logs.record(span, self.context, error, event)


def _started_before(error: BaseException) -> Span | None:
    """The span that our call of `start_span` had started when *error* interrupted it."""
    step = traceback_of(error)
    while step is not None:
        frame = step.tb_frame
        # The frames of samplers and processors, further in, hold spans of other calls.
        if frame.f_code.co_name == "start_span" and frame.f_globals.get("__name__") == _SDK:
            span = frame.f_locals.get("span")
            is_of_sdk = SdkSpan in type(span).__mro__  # `issubclass` runs code of an ABC
            return span if is_of_sdk and _has_started(span) else None
        step = step.tb_next
    return None


def _has_started(span: SdkSpan) -> bool:
    with suppress(AttributeError):  # it may have been interrupted while it was made
        scope = span.instrumentation_scope
        return scope is not None and scope.name == OURS and span.start_time is not None
    return False


class _NoCall(Call):
    """A call without a span."""

    def __init__(self) -> None:
        super().__init__(NoOpTracer(), "", {})

    def start(self) -> None:
        """Nothing to start."""

    def enter(self) -> None:
        """Nothing to enter."""

    def resume(self) -> None:
        """Nothing to enter."""

    def leave(self) -> None:
        """Nothing to leave."""


NO_CALL: Final = _NoCall()
"""A call while nothing is to be annotated; it has no state, so one serves every thread."""


def _nothing() -> None:
    """What a site has seen before its first call."""


class Site:
    """A function of a module, and the attributes of its spans; worked out at the first call."""

    __slots__ = ("_attributes", "_code", "_module", "_seen", "_tracer", "name")

    def __init__(self, code: CodeType, module: str) -> None:
        self._code = code
        self._module = module
        self.name = f"{module}.{code.co_qualname}"
        self._seen: Callable[[], Annotator | None] = _nothing
        self._tracer: Tracer = NoOpTracer()
        self._attributes: Attributes = {}

    def prepare(self, current: Context | None = None, began: int | None = None) -> Call | None:
        """
        A call whose span is not started yet; None while nothing is to be annotated.

        It *began* at so many nanoseconds since the epoch, or now, in the context *current*.
        """
        try:
            annotator = state.current or state.annotator()
            if annotator is None:
                return None
            if self._seen() is not annotator:
                self._tracer = state.tracer()
                self._attributes = annotator.emission.of_unit(MISSING, Unit.FUNCTION)
                self._seen = ref(annotator)  # once, also where it fails
                self._attributes = annotator.unit(self._code, self._module, Unit.FUNCTION)
            return Call(self._tracer, self.name, self._attributes, current, began)
        except RecursionError:  # no room for a span, but maybe for the call
            return None
        except Exception as error:  # noqa: BLE001 (a hot path: the guard without its block)
            swallow(error, in_call=True)  # the provider may be somebody else's
            return None

    def call(self, current: Context | None = None, began: int | None = None) -> Call | None:
        """The same, with its span started."""
        if (call := self.prepare(current, began)) is not None:
            call.start()
        return call
