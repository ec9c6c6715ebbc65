"""
The function that serves a request, on its server or consumer span.

One rule for all frameworks: each passes on what it is about to call, and the innermost application
function in that names the span when it starts. A function that a decorator, a middleware or a
class-based view refuses to call does not start, so it names nothing. Python before 3.12 can't tell
when a function starts: there it names the span at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.sdk.trace import Span

from aiprov_otel.attributes import CODE, ORIGIN, Attributes
from aiprov_otel.runtime import fast_path, starts, state
from aiprov_otel.runtime.annotator import Annotator
from aiprov_otel.runtime.callables import function_of
from aiprov_otel.runtime.guard import call_guard, guard, swallow
from aiprov_otel.runtime.unwrapping import sdk_span
from aiprov_otel.values import MISSING, Unit

_HANDLER: Final = "_aiprov_handler"  # our own attribute on a span: the attributes that we set
_LAYERS: Final = 10
"""Decorators without `functools.wraps` that are looked through."""


@dataclass(slots=True)
class _Expected:
    """The handler that may start next, by its *layers* from the outermost inwards."""

    span: Span
    layers: dict[int, tuple[int, Attributes]]
    reached: int = -1


_entry: ContextVar[Span | None] = ContextVar("aiprov_entry", default=None)
_expected: ContextVar[_Expected | None] = ContextVar("aiprov_expected", default=None)


def enter(span: Span) -> None:
    """Take *span* for the one that this task or thread is serving."""
    _entry.set(span)


def entry_span() -> Span | None:
    """The server or consumer span that this task or thread is serving, while it records."""
    span = _entry.get()
    return span if span is not None and span.is_recording() else None


def handled_by(thing: Any) -> None:
    """
    Have *thing*, a callable that is about to be called, name the span that is being served.

    Nothing happens if it is None: the framework refuses the request itself.
    """
    if thing is None:
        return
    with guard:
        annotator = state.current or state.annotator()
        if annotator is None or (span := serving()) is None or not _may_name(span):
            return
        with call_guard:
            if (function := function_of(thing)) is not None:
                _expect(annotator, span, function)
                return
        name(span, annotator.emission.of_unit(MISSING, Unit.HANDLER))


def name(span: Span, attributes: Attributes) -> None:
    """Set *attributes* of a handler on *span*, in place of those of one further out."""
    present = fast_path.attributes_of(span)
    before: Attributes = span.__dict__.get(_HANDLER) or {}
    if any(key in present and key not in before for key in CODE):
        attributes = {key: value for key, value in attributes.items() if key not in CODE}
    setattr(span, _HANDLER, attributes)
    fast_path.put(span, attributes, instead_of=before)


def _may_name(span: Span) -> bool:
    """Whether *span* has no provenance yet, or only one that we set."""
    return _HANDLER in span.__dict__ or ORIGIN not in fast_path.attributes_of(span)


def _expect(annotator: Annotator, span: Span, function: FunctionType) -> None:
    layers = list(_layers(annotator, function))
    found = [
        (layer.__code__, annotator.unit(layer.__code__, layer.__module__, Unit.HANDLER))
        for layer in layers
    ]
    if not all(starts.watch(code, _started) for code, _ in found):
        name(span, found[-1][1])
        return
    _expected.set(_Expected(span, {id(code): (n, its) for n, (code, its) in enumerate(found)}))


def _layers(annotator: Annotator, function: FunctionType) -> Iterator[FunctionType]:
    """*function*, and those of the application that it closes over alone, as a decorator does."""
    yield function
    for _ in range(_LAYERS):
        cells = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
        inner = [
            each
            for each in map(function_of, filter(callable, cells))
            if each is not None and annotator.resolver.is_ours(each.__code__)
        ]
        if len(inner) != 1 or inner[0] is function:
            return
        (function,) = inner
        yield function


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 (the only way to detect an empty cell)
    except ValueError:
        return False
    return True


def _started(code: CodeType, _: int) -> None:
    """Name the span that is being served, if *code* is what its framework was about to call."""
    try:
        expected = _expected.get()
        if expected is None or (layer := expected.layers.get(id(code))) is None:
            return
        if layer[0] > expected.reached and expected.span.is_recording() and state.current:
            expected.reached = layer[0]
            name(expected.span, layer[1])
    except Exception as error:  # noqa: BLE001 (what is not ours to swallow is raised again)
        swallow(error)


def serving() -> Span | None:
    """
    The server or consumer span of what this task or thread is doing now.

    A thread of a pool, or a context that was copied, may still hold one of another request: it
    counts only while a span of its trace is current.
    """
    current = trace.get_current_span()
    sdk = sdk_span(current)
    if sdk is not None and sdk.kind in fast_path.ENTRIES and sdk.is_recording():
        return sdk
    span = entry_span()
    return span if span is not None and _trace_of(span) == _trace_of(current) else None


def _trace_of(span: trace.Span) -> int:
    return span.get_span_context().trace_id
