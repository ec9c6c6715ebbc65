"""Spans that a library wraps have what the SDK's own have."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import wrapt
from opentelemetry import trace
from opentelemetry.sdk.trace import Span, SpanLimits, Tracer, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind

from aiprov_otel.runtime import outcomes
from aiprov_otel.testing import use_manifest

SHOP = """\
import logging
import aiprov_otel

@aiprov_otel.provenance
def price(n):
    return 1 / n

def answer():
    try:
        1 / 0
    except ZeroDivisionError:
        logging.getLogger("shop").exception("no price")
"""


@dataclass
class WrappedSpan(trace.Span):
    """Passes on to a span of the SDK, and has nothing else of it."""

    span: Span

    def end(self, end_time=None):
        self.span.end(end_time)

    def get_span_context(self):
        return self.span.get_span_context()

    def set_attributes(self, attributes):
        self.span.set_attributes(attributes)

    def set_attribute(self, key, value):
        self.span.set_attribute(key, value)

    def add_event(self, name, attributes=None, timestamp=None):
        self.span.add_event(name, attributes, timestamp)

    def update_name(self, name):
        self.span.update_name(name)

    def is_recording(self):
        return self.span.is_recording()

    def set_status(self, status, description=None):
        self.span.set_status(status, description)

    def record_exception(self, exception, attributes=None, timestamp=None, escaped=False):
        self.span.record_exception(exception, attributes, timestamp, escaped)


class Lazy:
    """Loads what it stands for when anybody asks for its class, and can't here."""

    @property
    def __class__(self):
        raise RuntimeError("no request")


def with_its_parent(span):
    """A wrapper that keeps other things before its own span."""
    wrapper = WrappedSpan(span)
    wrapper.__dict__ = {"request": Lazy(), "parent": trace.get_current_span(), "span": span}
    return wrapper


WRAPS = {
    "once": WrappedSpan,
    "twice": lambda span: WrappedSpan(WrappedSpan(span)),
    "by wrapt": wrapt.ObjectProxy,
    "with its parent": with_its_parent,
}


@dataclass
class WrappedTracer(trace.Tracer):
    """Makes such spans."""

    sdk: trace.Tracer
    wrap: Callable[[Span], trace.Span]

    def start_span(self, *args, **kwargs):
        return self.wrap(self.sdk.start_span(*args, **kwargs))

    start_as_current_span = Tracer.start_as_current_span


@dataclass
class WrappedProvider(trace.TracerProvider):
    """Makes such tracers; as a dataclass that can be compared, it can't be hashed."""

    sdk: TracerProvider
    wrap: Callable[[Span], trace.Span] = WrappedSpan

    def get_tracer(self, *args, **kwargs):
        return WrappedTracer(self.sdk.get_tracer(*args, **kwargs), self.wrap)


@pytest.fixture
def shop(application):
    """Two ways to fail."""
    return application.module("shop", SHOP)


@pytest.fixture(params=WRAPS)
def wrapped(application, shop, request):
    """A tracer whose spans are wrapped, as those of the installed decorator are."""
    provider = TracerProvider(
        shutdown_on_exit=False, span_limits=SpanLimits(max_event_attributes=8)
    )
    provider.add_span_processor(SimpleSpanProcessor(application.memory))
    wrapper = WrappedProvider(provider, WRAPS[request.param])
    with application.install(tracer_provider=wrapper):
        yield wrapper.get_tracer("app")
    ended = {span.context.span_id for span in application.memory.get_finished_spans()}
    waiting = {span.get_span_context().span_id for span, _ in outcomes.waiting.values()}
    assert ended.isdisjoint(waiting)


def test_a_call_has_its_attributes(application, shop, wrapped, caplog):
    """Also where the provider can't be hashed."""
    shop.price(1)

    attributes = application.span("shop.price").attributes
    assert attributes["aiprov.origin"] == "ai"
    assert attributes["aiprov.unit"] == "function"
    assert caplog.text == ""


def test_a_failed_call_is_recorded_and_its_request_decides(application, shop, wrapped):
    """The exception is on the span of the call, and what became of it on that of the request."""
    with (
        wrapped.start_as_current_span("GET /", kind=SpanKind.SERVER),
        contextlib.suppress(ZeroDivisionError),
    ):
        shop.price(0)

    call, request = application.span("shop.price"), application.span("GET /")
    (event,) = call.events
    assert event.attributes["aiprov.exception.origin"] == "ai"
    assert event.attributes["exception.type"] == "ZeroDivisionError"
    assert event.dropped_attributes == 0  # ours give way at the limit
    assert call.attributes["aiprov.error.origin"] == "ai"
    assert "aiprov.error.outcome" not in call.attributes
    assert request.attributes["aiprov.error.outcome"] == "handled"


def test_a_test_of_the_user_collects_what_a_wrapper_passes_on(shop):
    """The spans of a wrapped provider are those that `use_manifest` returns."""
    provider = WrappedProvider(TracerProvider(shutdown_on_exit=False))
    with use_manifest(shop, origin="human", tracer_provider=provider) as spans:
        shop.price(1)

    assert [span.attributes["aiprov.origin"] for span in spans] == ["human"]


def test_an_error_of_a_child_is_not_one_of_the_request_itself(application, shop, wrapped):
    """What was handled below a request decides nothing where another error failed it."""

    @wrapped.start_as_current_span("GET /", kind=SpanKind.SERVER)
    def serve():
        with contextlib.suppress(ZeroDivisionError):
            shop.price(0)
        raise OSError

    with pytest.raises(OSError):
        serve()
    assert application.span("GET /").attributes["error.type"] == "OSError"


@dataclass
class OtherSpan(trace.NonRecordingSpan):
    """A span of somebody else's tracer, with what was put on it."""

    attributes: dict = field(default_factory=dict)
    errors: list = field(default_factory=list)
    broken: str = ""

    def __post_init__(self):
        super().__init__(trace.INVALID_SPAN_CONTEXT)

    def __getattribute__(self, name):
        if name == object.__getattribute__(self, "__dict__").get("broken"):
            raise RuntimeError(name)
        return super().__getattribute__(name)

    def is_recording(self):
        return True

    def set_attributes(self, attributes):
        self.attributes.update(attributes)

    def record_exception(self, exception, attributes=None, timestamp=None, escaped=False):
        self.errors.append((exception, attributes))


class OtherProvider(trace.TracerProvider):
    """A provider without the SDK; it keeps its last span."""

    span = None
    broken = ""

    def get_tracer(self, *args, **kwargs):
        tracer = trace.NoOpTracer()
        tracer.start_span = self.start_span
        return tracer

    def start_span(self, *args, attributes=None, **kwargs):
        self.span = OtherSpan(attributes=dict(attributes or {}), broken=self.broken)
        return self.span


def test_a_tracer_without_the_sdk_is_told_all_that_its_interface_takes(application, shop):
    """Attributes and the exception; what became of it is not known there."""
    provider = OtherProvider()
    with (
        application.install(tracer_provider=provider),
        pytest.raises(ZeroDivisionError) as raised,
    ):
        shop.price(0)

    assert provider.span.attributes["aiprov.origin"] == "ai"
    assert provider.span.attributes["aiprov.error.origin"] == "ai"
    ((error, attributes),) = provider.span.errors
    assert error is raised.value
    assert attributes["aiprov.exception.origin"] == "ai"


@pytest.mark.parametrize("method", ["is_recording", "get_span_context", "set_attributes"])
def test_a_broken_span_changes_no_exception(application, shop, monkeypatch, method):
    """A failure of another tracer's span stays there."""
    monkeypatch.delenv("AIPROV_STRICT")
    provider = OtherProvider()
    provider.broken = method
    with application.install(tracer_provider=provider), pytest.raises(ZeroDivisionError):
        shop.price(0)


def test_a_request_is_failed_by_what_it_logged(application, shop, wrapped):
    """The span by which the work came in is found behind its wrapper."""
    with wrapped.start_as_current_span("GET /", kind=SpanKind.SERVER) as span:
        shop.answer()
        span.set_status(trace.StatusCode.ERROR)

    assert application.span("GET /").attributes["aiprov.error.outcome"] == "escaped"
    assert application.span("GET /").attributes["aiprov.error.origin"] == "ai"
