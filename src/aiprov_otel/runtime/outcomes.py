"""
What became of an error: known when the request, task or process that it was raised in ends.

An error that a span recorded, or a span that failed without one, is passed on to the span above
when that span ends, up to the one by which the work came in. Of all that arrive there, one decided
it: what that span recorded last, else what arrived last. Its outcome is that of the work; whatever
else arrived was handled. docs/reference/counting.md has the rules.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span
from opentelemetry.trace import SpanKind, StatusCode

from aiprov_otel.attributes import (
    CODE,
    ERROR_OUTCOME,
    EXCEPTION_REPEATED,
    GRPC_STATUS,
    HTTP_STATUS,
    ORIGIN,
    Attributes,
)
from aiprov_otel.runtime import fast_path, handlers, metrics, state
from aiprov_otel.runtime.annotator import Raised
from aiprov_otel.runtime.exception_state import (
    State,
    cause_of,
    class_names,
    context_of,
    first_met,
    is_failure,
    is_group,
    leaves_of,
    state_of,
)
from aiprov_otel.runtime.metrics import Kind
from aiprov_otel.runtime.unwrapping import PassingSpan, sdk_span
from aiprov_otel.values import CANCELLATIONS, REFUSALS, Outcome

LIMIT: Final = 1_000
"""Spans that errors wait for; beyond, the oldest is let go."""

_CALLS: Final = (SpanKind.CLIENT, SpanKind.PRODUCER)
_CHAIN: Final = 10
"""Exceptions below one that a library may have raised from them."""
_numbers: Final = count(1)
_LEFT: Final = "_aiprov_left"  # our own attribute on a span: an exception left its handler
_LOGGED: Final = "_aiprov_logged"  # the same: the last exception that was logged while it served


@dataclass(slots=True, eq=False)
class _Error:
    """
    An error that waits for its outcome; it does not keep the exception alive.

    Attributes:
        number: its place among all errors.
        kind: as what the metric counts it; None without an exception, or if that was counted.
        within: the context of the span that recorded it first.
        failing: the attributes of a span that it fails.
        place: the line of the application that raised it; None if unknown.
        is_expected: whether its class is one of those that are expected.
        members: of a group, the errors that it collected.
        state: of the exception.
        span: the span that recorded it last, by its id.
        again: its place among all recordings.
        was_handled: whether a span that it passed did not fail.
    """

    number: int
    kind: Kind | None = None
    within: Context | None = None
    failing: Attributes | None = None
    place: tuple[object, ...] | None = None
    is_expected: bool = False
    members: Sequence[_Error] = ()
    state: State | None = None
    span: int = 0
    again: int = 0
    was_handled: bool = False


waiting: Final[dict[int, tuple[Span, list[_Error]]]] = {}
"""The spans at or below which something failed, by their identity, until they end."""


def recorded(span: Span, error: BaseException, raised: Raised, within: Context) -> Attributes:
    """
    Note that *span*, in the context *within*, records *error*; returns the event's attributes.

    An exception counts once, in however many spans it is recorded. So does one that a library
    raised from another at the same line of the application.
    """
    known, place = state_of(error), _place(raised.event)
    is_new = first_met(error)
    pending: _Error | None = known.pending or _source(error, place)
    is_repeated, known.recorded = known.recorded or pending is not None, True
    if pending is None:
        kind = metrics.kind_of(error, raised.event) if is_new else None
        members = _members(error)
        pending = _Error(
            next(_numbers),
            None if members else kind,
            within,
            raised.error,
            place,
            _is_expected(error),
            members,
            known,
        )
        _arrived(span).append(pending)
    known.pending = pending
    pending.span, pending.again = span.get_span_context().span_id, next(_numbers)
    return raised.event | {EXCEPTION_REPEATED: True} if is_repeated else raised.event


def without_outcome(error: BaseException, event: Attributes, within: Context) -> None:
    """Count *error*, which no span of the SDK records, without an outcome."""
    if is_failure(error) and first_met(error):
        metrics.count(metrics.kind_of(error, event), None, within)


def unhandled(error: BaseException, event: Attributes, outcome: Outcome) -> None:
    """Count *error*, which reached the end of its thread or process, with this *outcome*."""
    known = state_of(error)
    call, known.call = known.call, None
    if first_met(error):
        metrics.count(metrics.kind_of(error, event), outcome)
        # The call has ended, and may still wait to be sent.
        if call is not None and fast_path.held(call) is not None:
            fast_path.put(call, {ERROR_OUTCOME: outcome.value})


def failed(span: Span) -> None:
    """Note that *span* has failed."""
    _arrived(span)


def left() -> None:
    """Note that an exception left the handler of the request that is served, which has failed."""
    if state.annotator() is not None and (span := handlers.serving()) is not None:
        setattr(span, _LEFT, True)
        failed(span)


def logged(error: BaseException) -> None:
    """Note that *error* is logged as such while a request is served; it may be what fails it."""
    if (span := handlers.serving()) is not None:
        setattr(span, _LOGGED, error)
        _arrived(span)  # so that `unrecorded` is called, which lets go of it


def unrecorded(span: Span) -> BaseException | None:
    """
    The exception that failed *span*, which ends: an application that answers 500 itself logs it.

    None if this span has an exception of its own, or the one that was logged is known from another.
    """
    error: BaseException | None = span.__dict__.pop(_LOGGED, None)
    if error is None or not has_failed(span) or state_of(error).recorded:
        return None
    number = span.get_span_context().span_id
    _, errors = waiting.get(id(span), (span, []))
    return None if any(each.span == number for each in errors) else error


def ended(span: Span) -> Attributes:
    """
    Pass on the errors of *span*, which ends.

    Returns the attributes of a span by which work came in, if something failed in it.
    """
    if (entry := waiting.pop(id(span), None)) is None:
        return {}
    errors = entry[1]
    if (above := _parent(span)) is None:
        return _decide(span, errors)
    if not has_failed(span):
        for error in errors:
            error.was_handled = True
    elif not errors and ORIGIN in fast_path.attributes_of(span):  # a service answered it with 500
        errors = [_Error(next(_numbers))]
    _arrived(above).extend(errors)
    return {}


def has_failed(span: Span) -> bool:
    """Whether the status of *span* is that of an error, or an exception left its handler."""
    return span.status.status_code is StatusCode.ERROR or _LEFT in span.__dict__


def _arrived(span: Span) -> list[_Error]:
    """The errors that wait for *span* to end."""
    if (entry := waiting.get(id(span))) is None:
        if len(waiting) >= LIMIT:
            first = [*waiting][0]  # noqa: RUF015 (another thread may end a span meanwhile)
            if (oldest := waiting.pop(first, None)) is not None:
                _decide(*oldest)
        entry = waiting[id(span)] = (span, [])
    return entry[1]


def _parent(span: Span) -> Span | None:
    """The open span above *span*, which ends; None if work came in by *span*, or outlived it."""
    parent = span.parent
    if parent is None or parent.is_remote or span.kind in fast_path.ENTRIES:
        return None
    current, may_be_late = trace.get_current_span(), False
    while isinstance(current, PassingSpan):  # short calls, one in another
        current, may_be_late = current.find(), True
    above = sdk_span(current)
    if above is None or not _is_parent(above, parent.span_id, may_be_late=may_be_late):
        above = handlers.entry_span() or above  # an instrumentation may detach too late
    if above is None or above is span or not above.is_recording():
        return None
    return above if above.get_span_context().trace_id == parent.trace_id else None


def _is_parent(above: Span, number: int, *, may_be_late: bool) -> bool:
    """Whether *above* is the span *number*, or began late, below that."""
    if above.get_span_context().span_id == number:
        return True
    return may_be_late and above.parent is not None and above.parent.span_id == number


def _decide(span: Span, errors: Sequence[_Error]) -> Attributes:
    """Decide on *errors*, which arrived at *span*, by which their work came in."""
    if span.kind in _CALLS:
        _let_go(span, errors)
        return {}
    deciding = _deciding(span, errors)
    outcome = _outcome(span, deciding)
    decided = {deciding, *deciding.members} if deciding else set()
    for error in errors:
        if error.state is not None and error.state.pending is error:
            error.state.pending = None
        if error.kind is not None:
            became = outcome if error in decided else Outcome.HANDLED
            metrics.count(error.kind, became, error.within)
    if not errors and not has_failed(span):
        return {}
    cause = deciding.failing if deciding and outcome is Outcome.ESCAPED else None
    return {ERROR_OUTCOME: outcome.value, **(cause or {})}


def _let_go(call: Span, errors: Sequence[_Error]) -> None:
    """Leave *errors* to the code after *call*, which no span is around."""
    for error in errors:
        if error.state is not None:
            if error.state.pending is error:
                error.state.pending = None
            error.state.call = call
            if error.kind is not None:
                metrics.count_let_go(error.kind, error.state)


def _deciding(span: Span, errors: Sequence[_Error]) -> _Error | None:
    """The error that decided the work of *span*: its own last one, else the last that arrived."""
    number = span.get_span_context().span_id
    if own := [error for error in errors if error.span == number]:
        return max(own, key=lambda error: error.again)
    arrived = [error for error in errors if not error.was_handled]
    if not arrived and has_failed(span):
        arrived = [*errors]  # a handler took note of it, and then gave up
    return max(arrived, key=lambda error: error.number, default=None)


def _outcome(span: Span, deciding: _Error | None) -> Outcome:
    if _is_refused(span):
        return Outcome.EXPECTED
    if not has_failed(span):
        return Outcome.HANDLED
    return Outcome.EXPECTED if deciding and deciding.is_expected else Outcome.ESCAPED


def _is_refused(span: Span) -> bool:
    """Whether the request was answered as one that its client got wrong."""
    attributes = fast_path.attributes_of(span)
    status = next((str(attributes[key]) for key in HTTP_STATUS if key in attributes), "")
    if status.startswith("4"):
        return True
    return any(str(attributes.get(key)) in REFUSALS for key in GRPC_STATUS)


def _is_expected(error: BaseException) -> bool:
    if issubclass(type(error), SystemExit):
        return error.code in (None, 0)  # type: ignore[attr-defined]
    annotator = state.annotator()
    expected = annotator.resolver.expected_errors if annotator else frozenset(CANCELLATIONS)
    return not expected.isdisjoint(class_names(error))


def _place(event: Attributes) -> tuple[object, ...] | None:
    """The line of the application that an exception with this *event* came from."""
    return tuple(event[key] for key in CODE) if CODE[0] in event else None


def _source(error: BaseException, place: tuple[object, ...] | None) -> _Error | None:
    """What waits of an exception from which a library raised *error*, at the same *place*."""
    cause: BaseException | None = error
    for _ in range(_CHAIN):
        cause = cause_of(cause) or context_of(cause)
        if cause is None or place is None:
            return None
        pending: _Error | None = state_of(cause).pending
        if pending is not None and pending.place == place:
            return pending
    return None


def _members(error: BaseException) -> Sequence[_Error]:
    """Of a group, what waits of the exceptions in it."""
    if not is_group(error):
        return ()
    pending = (state_of(leaf).pending for leaf in leaves_of(error))
    return tuple(error for error in pending if error is not None)


def _in_child() -> None:
    # What the parent waits for, the parent counts.
    waiting.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
