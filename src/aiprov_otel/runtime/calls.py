"""One call of a function as one span: the block that every kind of callable shares."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from types import CodeType, TracebackType
from typing import Any, Final

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import NoOpTracer, Span, StatusCode, Tracer

from aiprov_otel.attributes import ERROR_TYPE, Attributes
from aiprov_otel.runtime import state
from aiprov_otel.runtime.exceptions import type_name
from aiprov_otel.runtime.guard import guard
from aiprov_otel.values import Unit

_ENCLOSING: Final = context.create_key("aiprov-call")
_NOT_FAILURES: Final = (StopIteration, StopAsyncIteration)  # how an iterator says that it is done
_REMEMBERED: Final = 8  # exceptions of concurrent calls below one call; a strong reference to each


class Call:
    """
    A span over one call; `with call:` for functions, `with call.running():` for each step.

    An exception is recorded by the innermost call that it leaves, and only fails the others.
    """

    __slots__ = ("_context", "_enclosing", "_recorded", "_span", "_token")

    def __init__(self, tracer: Tracer, name: str, attributes: Attributes) -> None:
        current = context.get_current()
        self._span: Span = tracer.start_span(name, current, attributes=attributes)
        self._enclosing: Any = context.get_value(_ENCLOSING, current)
        inner = trace.set_span_in_context(self._span, current)
        self._context = context.set_value(_ENCLOSING, self, inner)
        self._recorded: deque[BaseException] | None = None
        self._token: Any = None

    def __enter__(self) -> None:
        self._token = context.attach(self._context)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        context.detach(self._token)
        self.end(error)

    def running(self) -> Step:
        """The span is current while the block runs: a generator holds no token over a `yield`."""
        return Step(self._context)

    def end(self, error: BaseException | None) -> None:
        """End the span, failed by *error* if that is a failure."""
        with guard:
            if isinstance(error, Exception) and not isinstance(error, _NOT_FAILURES):
                self._fail(error)
        self._recorded = None  # a call must not keep an exception's frames alive
        self._span.end()

    def _fail(self, error: Exception) -> None:
        if self._enclosing is not None:
            self._enclosing.remember(error)
        annotator = state.annotator()
        if annotator is None or not self._span.is_recording():
            return
        raised = annotator.exception(error)
        if not any(known is error for known in self._recorded or ()):
            self._span.record_exception(error, raised.event)
        self._span.set_attributes({ERROR_TYPE: type_name(error), **raised.error})
        self._span.set_status(StatusCode.ERROR, f"{type(error).__name__}: {error}")

    def remember(self, error: BaseException) -> None:
        """Note that a call below recorded *error*."""
        if self._recorded is None:
            self._recorded = deque(maxlen=_REMEMBERED)
        self._recorded.append(error)


class Step:
    """One step of a generator, in the context of its call."""

    __slots__ = ("_context", "_token")

    def __init__(self, current: Context) -> None:
        self._context = current

    def __enter__(self) -> None:
        self._token = context.attach(self._context)

    def __exit__(self, *_: object) -> None:
        context.detach(self._token)


class Site:
    """A decorated function: what its spans say, worked out at the first call."""

    __slots__ = ("_attributes", "_code", "_module", "_seen", "_tracer", "name")

    def __init__(self, function: Callable[..., Any], code: CodeType) -> None:
        self._code = code
        self._module = function.__module__
        self.name = f"{function.__module__}.{code.co_qualname}"
        self._seen: object = None
        self._tracer: Tracer = NoOpTracer()
        self._attributes: Attributes = {}

    def call(self) -> Call | None:
        """A call that began; None while nothing is to be annotated."""
        with guard:
            annotator = state.annotator()
            if annotator is None:
                return None
            if annotator is not self._seen:
                self._attributes = annotator.unit(self._code, self._module, Unit.FUNCTION)
                self._tracer = state.tracer()
                self._seen = annotator
            return Call(self._tracer, self.name, self._attributes)
        return None
