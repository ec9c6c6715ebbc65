"""One call of a function as one span: the block that every kind of callable shares."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import Token
from types import CodeType, TracebackType
from typing import Final

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.trace import NoOpTracer, StatusCode, Tracer

from aiprov_otel.attributes import ERROR_TYPE, Attributes
from aiprov_otel.runtime import exception_logs, metrics, state
from aiprov_otel.runtime.exception_state import ENDS, is_failure, message_of, type_name
from aiprov_otel.runtime.fast_path import Fast, held
from aiprov_otel.runtime.guard import guard, swallow
from aiprov_otel.values import Unit

_WRAPPERS: Final = "aiprov_otel.runtime.wrapping"  # whose frames have a `call`
_INLINE: Final = {".aiprov_call", ".aiprov_running"}  # as the import hook names what has one


class Call:
    """
    A span over one call; a function's runs in its *context* until `end`, and keeps the *token*.

    An exception is recorded by the innermost call that it leaves, and only fails the others of
    the same trace.
    """

    __slots__ = ("_span", "context", "recorded_in", "token")

    def __init__(
        self,
        tracer: Tracer,
        name: str,
        attributes: Attributes,
        current: Context | None = None,
        began: int | None = None,
    ) -> None:
        current = context.get_current() if current is None else current
        if Fast.attributes:
            self._span = span = tracer.start_span(name, current, start_time=began)
            if isinstance(span, SdkSpan):
                if (mapping := held(span)) is not None:
                    mapping.update(attributes)
                else:
                    span.set_attributes(attributes)
        else:
            self._span = span = tracer.start_span(
                name, current, attributes=attributes, start_time=began
            )
        self.context = trace.set_span_in_context(span, current)
        self.token: Token[Context] | None = None
        self.recorded_in: int | None = None

    def running(self) -> Step:
        """The span is current while the block runs: a generator holds no token over a `yield`."""
        return Step(self.context)

    def ending(self) -> Ending:
        """The span ends when the block ends, but is not current in it."""
        return Ending(self)

    def end(self, error: BaseException | None) -> None:
        """End the span, failed by *error* if that is a failure, and leave its context."""
        if self.token is not None:
            context.detach(self.token)
        if is_failure(error) and not isinstance(error, ENDS):
            with guard:
                self._fail(error)
        try:
            self._span.end()
        except Exception as raised:  # noqa: BLE001 (a processor of somebody else's may raise)
            swallow(raised)

    def _fail(self, error: Exception) -> None:
        annotator = state.annotator()
        if annotator is None:
            return
        raised = annotator.exception(error)
        metrics.count(error, raised.event)  # whether or not this span was sampled
        if not self._span.is_recording():
            return
        self._span.set_attributes({ERROR_TYPE: type_name(error), **raised.error})
        self._span.set_status(StatusCode.ERROR, f"{type(error).__name__}: {message_of(error)}")
        trace_id = self._span.get_span_context().trace_id
        if all(call.recorded_in != trace_id for call in _left_by(error)):
            exception_logs.record(self._span, self.context, error, raised.event)
        self.recorded_in = trace_id  # by this call or below, so that the next need not look there


def _left_by(error: BaseException) -> Iterator[Call]:
    """
    The calls that *error* has left, as its own traceback tells.

    To remember exceptions instead would keep their frames, and what these hold, alive.
    """
    step = error.__traceback__
    while step is not None:
        frame = step.tb_frame
        if name := _inline_in(frame.f_code):
            call = getattr(frame.f_locals.get(name), "call", None)
        elif frame.f_globals.get("__name__") == _WRAPPERS:
            call = frame.f_locals.get("call")
        else:
            call = None
        if isinstance(call, Call):
            yield call
        step = step.tb_next


def _inline_in(code: CodeType) -> str | None:
    names = _INLINE.intersection(code.co_varnames + code.co_cellvars)
    return next(iter(names), None)


class Step:
    """One step of a generator, in the context of its call."""

    __slots__ = ("_context", "_token")

    def __init__(self, current: Context) -> None:
        self._context = current

    def __enter__(self) -> None:
        self._token = context.attach(self._context)

    def __exit__(self, *_: object) -> None:
        context.detach(self._token)


class Ending:
    """All steps of a generator, which may be far apart, as one call."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._call.end(error)


class Site:
    """A function of a module: what its spans say, worked out at the first call."""

    __slots__ = ("_attributes", "_code", "_module", "_seen", "_tracer", "name")

    def __init__(self, code: CodeType, module: str) -> None:
        self._code = code
        self._module = module
        self.name = f"{module}.{code.co_qualname}"
        self._seen: object = None
        self._tracer: Tracer = NoOpTracer()
        self._attributes: Attributes = {}

    def call(self, current: Context | None = None, began: int | None = None) -> Call | None:
        """
        A call that began now; None while nothing is to be annotated.

        Or one that *began* at so many nanoseconds since the epoch, in the context *current*.
        """
        try:
            annotator = state.current or state.annotator()
            if annotator is None:
                return None
            if annotator is not self._seen:
                self._attributes = annotator.unit(self._code, self._module, Unit.FUNCTION)
                self._tracer = state.tracer()
                self._seen = annotator
            return Call(self._tracer, self.name, self._attributes, current, began)
        except Exception as error:  # noqa: BLE001 (a hot path: the guard without its block)
            swallow(error)
            return None
