"""
Short ways through the SDK, each taken only where a self-test found the same result.

The SDK cleans every attribute that is set: 20 % of a span for the first, 75 % for fifteen. Ours
are prebuilt of clean strings and numbers, so they may go straight into the mapping that the span
holds: about nothing. And recording an exception is 96 to 100 % formatting its traceback, which
`traceback_text` does 20 to 100 times faster. `AIPROV_FAST=false` turns both off.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from sys import _getframe
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanLimits, TracerProvider
from opentelemetry.semconv.attributes.exception_attributes import (
    EXCEPTION_ESCAPED,
    EXCEPTION_MESSAGE,
    EXCEPTION_STACKTRACE,
    EXCEPTION_TYPE,
)
from opentelemetry.trace import SpanKind

from aiprov_otel import settings
from aiprov_otel.attributes import Attributes
from aiprov_otel.runtime import resolver, source_text, traceback_text
from aiprov_otel.runtime.interrupts import is_foreign
from aiprov_otel.runtime.stack import COROUTINE, DEPTH, MESSAGES, SUSPENDABLE

if TYPE_CHECKING:
    from aiprov_otel.runtime.annotator import Annotator

ROOM: Final = 24
"""Attributes that ours may add to a span; where a limit is nearer than that, the SDK counts."""


TESTED: Final = frozenset(f"1.{minor}" for minor in range(38, 46))
"""Versions of OpenTelemetry whose encoder and attributes ours were compared with."""
OURS: Final = "aiprov_otel"
"""The scope of our own spans, which name their code themselves."""
_SERVER: Final = SpanKind.SERVER
_CONSUMER: Final = SpanKind.CONSUMER
ENTRIES: Final = (_SERVER, _CONSUMER)
"""What begins before code of the application runs."""
BENEATH: Final = 4
"""Frames from a walk up to who started a span: it, the processor, the composite, `Span.start`."""


class Fast:
    """Which of the short ways are open; both closed until `open_up` has tried them."""

    attributes = False
    exceptions = False


def open_up(record_exception: Callable[..., None]) -> None:
    """Try each short way against the SDK's own, *record_exception* among them."""
    wanted = settings.read().fast
    Fast.attributes = wanted and agrees(_attributes_agree)
    Fast.exceptions = wanted and agrees(lambda: _exceptions_agree(record_exception))


def is_tested(version: str) -> bool:
    """Whether ours was compared with this *version* of OpenTelemetry."""
    return ".".join(version.split(".")[:2]) in TESTED


def held(span: object) -> dict[str, Any] | None:
    """The mapping of *span*'s attributes, to be updated in place; None to go through the SDK."""
    if not Fast.attributes:
        return None
    bounded = getattr(span, "_attributes", None)  # tested by `open_up`, and by a canary
    if type(bounded) is not BoundedAttributes or bounded.max_value_len is not None:
        return None
    mapping: dict[str, Any] = bounded._dict  # noqa: SLF001
    limit = bounded.maxlen
    return mapping if limit is None or len(mapping) + ROOM <= limit else None


def attributes_of(span: Span) -> Mapping[str, Any]:
    """The attributes of *span*, to look keys up in: the SDK's mapping is slow where it has none."""
    bounded = _bounded(span)
    return span.attributes or {} if bounded is None else bounded._dict  # noqa: SLF001 (as in `held`)


def put(span: Span, attributes: Attributes, instead_of: Collection[str] = ()) -> None:
    """
    Set *attributes*, which are ours and clean, on *span*, *instead_of* others of ours.

    At the limit of a span, the SDK drops the oldest attribute for each new one. Ours give way: as
    many are set as there is room for, and they come before those of the application.
    """
    if (bounded := _bounded(span)) is None:
        span.set_attributes(attributes)
        return
    limit, ours = bounded.maxlen, attributes
    if limit is not None and len(bounded) + len(attributes) > limit:
        ours = fitting(attributes, limit, set(bounded).difference(instead_of))
    if not Fast.attributes or bounded.max_value_len is not None:
        span.set_attributes(ours)
        ours = {key: bounded[key] for key in ours if key in bounded}  # type: ignore[misc]
    with bounded._lock:  # noqa: SLF001 (as in `held`)
        mapping = bounded._dict  # noqa: SLF001 (the same)
        front: Any = type(mapping)(ours)
        front.update(mapping)
        front.update(ours)
        for key in instead_of:
            if key not in ours:
                front.pop(key, None)
        bounded._dict = front  # noqa: SLF001 (the same)


def fitting(attributes: Attributes, limit: int | None, present: Collection[str]) -> Attributes:
    """As many of *attributes* as there is room for beside those *present*, below the *limit*."""
    if limit is None or len(present) + len(attributes) <= limit:
        return attributes
    new = [key for key in attributes if key not in present]
    dropped = new[max(limit - len(present), 0) :]
    return {key: value for key, value in attributes.items() if key not in dropped}


def fitting_event(span: object, event: Attributes, present: Collection[str]) -> Attributes:
    """As many attributes of *event* as an exception event of *span* has room for."""
    limits = getattr(span, "_limits", None)  # it has no public name; a canary in the tests
    limit = getattr(limits, "max_event_attributes", None)
    return fitting(event, limit, {*present, *_EXCEPTION_EVENT}) if limit is not None else event


_EXCEPTION_EVENT: Final = (
    EXCEPTION_TYPE,
    EXCEPTION_MESSAGE,
    EXCEPTION_STACKTRACE,
    EXCEPTION_ESCAPED,
)


def _bounded(span: Span) -> BoundedAttributes | None:
    """The attributes of *span*, where the SDK holds them as we know it."""
    bounded = getattr(span, "_attributes", None)
    mapping = getattr(bounded, "_dict", None)
    if type(bounded) is not BoundedAttributes or type(mapping) not in {dict, OrderedDict}:
        return None
    return bounded


def call(annotator: Annotator, span: Span) -> bool:  # noqa: C901 (each call of another costs)
    """
    Put on *span*, which begins, the attributes of the application line that opens it.

    Returns False, with nothing done, where that needs the long way: a line that was not seen
    before, or some of the same attributes that are set already. One long function, as each call of
    another costs a percent of a span. Of 1.22 and 1.42 bare spans, below 5 and 20 frames
    of libraries, 1.11 and 1.20 are Python making those frames.
    """
    kind = span._kind  # noqa: SLF001 (as in `held`)
    if kind is _SERVER or kind is _CONSUMER or resolver.stated:
        return False
    frame, libraries, driven = _getframe(BENEATH), annotator.resolver.libraries, False
    for _ in range(DEPTH):
        if (code := frame.f_code).co_filename not in libraries:
            break
        if (above := frame.f_back) is None:
            return False
        if code.co_flags & COROUTINE:
            driven = True
            scope = span._instrumentation_scope  # noqa: SLF001 (as in `held`)
            if scope is not None and scope._name in MESSAGES:  # noqa: SLF001 (the same)
                return above.f_code.co_filename in libraries
        elif driven and not code.co_flags & SUSPENDABLE:
            return False
        frame = above
    if driven and not code.co_flags & SUSPENDABLE:
        return False  # the driver of a coroutine is not its caller
    known = annotator.sites.get((id(code), frame.f_lasti))
    if known is None or (mapping := held(span)) is None:
        return code.co_filename in source_text.BOOTSTRAPS
    if not mapping:
        mapping.update(known[1])
        return True
    return _put_before(span, mapping, known[1])


def _put_before(span: Span, mapping: dict[str, Any], ours: Attributes) -> bool:
    """Put *ours* before what *mapping* holds of *span*, as `put` does; False if it has any."""
    if not mapping.keys().isdisjoint(ours):
        return False
    bounded: Any = span._attributes  # noqa: SLF001 (as in `held`)
    with bounded._lock:  # noqa: SLF001 (the same)
        front = type(mapping)(ours)
        front.update(bounded._dict)  # noqa: SLF001 (the same)
        bounded._dict = front  # noqa: SLF001 (the same)
    return True


def record(
    span: Span,
    error: BaseException,
    attributes: Any = None,
    timestamp: int | None = None,
    escaped: bool = False,
) -> None:
    """What `Span.record_exception` does, with the text from `traceback_text`."""
    kind = type(error)
    module = kind.__module__
    event = {
        "exception.type": kind.__qualname__
        if not module or module == "builtins"
        else f"{module}.{kind.__qualname__}",
        "exception.message": str(error),
        "exception.stacktrace": traceback_text.text_of(error),
        "exception.escaped": str(escaped),
    }
    span.add_event("exception", {**event, **(attributes or {})}, timestamp)


def agrees(trial: Callable[[], bool]) -> bool:
    """What *trial* of a short way returns; False if it fails."""
    try:
        return trial()
    except Exception as error:
        if is_foreign(error, in_call=True):
            raise
        return False  # an SDK that we don't know: the long way is always right


def _attributes_agree() -> bool:
    sample: Attributes = {"text": "a", "number": 1, "ratio": 0.5}
    ours, theirs, full = _span(), _span(), _span(limit=1)
    Fast.attributes = True
    mapping = held(ours)
    if mapping is None or held(full) is not None:
        return False
    if not _is_as_read(ours):
        return False
    mapping.update(sample)
    theirs.set_attributes(sample)
    ended = _ended(ours).attributes
    return dict(ended or {}) == dict(_ended(theirs).attributes or {}) == sample


def _is_as_read(span: Any) -> bool:
    """Whether what `call` reads of *span* agrees with the SDK's public attributes."""
    scope = span._instrumentation_scope  # noqa: SLF001 (that is the question)
    known = (span._kind, scope, scope._name)  # noqa: SLF001 (the same)
    return bool(known == (span.kind, span.instrumentation_scope, span.instrumentation_scope.name))


def _exceptions_agree(record_exception: Callable[..., None]) -> bool:
    ours, theirs = _span(), _span()
    try:
        raise KeyError("x") from ValueError("y")  # noqa: TRY301 (an exception with a cause)
    except KeyError as error:
        record(ours, error, {"a": 1}, 7, escaped=True)
        record_exception(theirs, error, {"a": 1}, 7, escaped=True)
    (one,), (other,) = _ended(ours).events, _ended(theirs).events
    return (one.name, one.timestamp) == (other.name, other.timestamp) and list(
        (one.attributes or {}).items()
    ) == list((other.attributes or {}).items())


def _span(limit: int | None = None) -> Span:
    provider = TracerProvider(
        resource=Resource.get_empty(),
        shutdown_on_exit=False,
        span_limits=SpanLimits(max_span_attributes=limit),
    )
    span = provider.get_tracer("aiprov_otel").start_span("self-test")
    if not isinstance(span, Span):
        raise TypeError(type(span))
    return span


def _ended(span: Span) -> Span:
    span.end()
    return span
