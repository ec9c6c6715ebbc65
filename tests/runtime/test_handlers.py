"""Which span a handler is named on: that of the request which is being served, or none."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

from aiprov_otel.runtime import handlers
from aiprov_otel.runtime.handlers import handled_by

SHOP = """\
import functools


def serve():
    return "ok"


def guarded(function):
    @functools.wraps(function)
    def check(allowed=True):
        return function() if allowed else "denied"
    return check


def bare(function):
    def check(allowed=True):  # human
        return function() if allowed else "denied"  # human
    return check


@guarded
def kept():
    return "kept"


@bare
def hidden():
    return "hidden"


def work(tracer, kind):
    with tracer.start_as_current_span("work", kind=kind):
        return serve()


def ask(tracer, kind):
    with tracer.start_as_current_span("ask", kind=kind):
        pass
"""


@pytest.fixture
def shop(application):
    """An application with a handler, installed."""
    shop = application.module("shop", SHOP)
    application.install()
    return shop


def named(application, name):
    """The function that the span *name* names, or None."""
    return application.span(name).attributes.get("code.function.name")


def served(handler):
    """What a framework does: it says what it is about to call, and calls it."""
    handled_by(handler)
    return handler()


@pytest.mark.parametrize("kind", [SpanKind.SERVER, SpanKind.CONSUMER])
def test_below_spans_of_its_own(application, shop, kind):
    """
    The request's span is named also while a span of a middleware is current.
    """
    start = application.tracer.start_as_current_span
    with start("request", kind=kind), start("middleware"):
        served(shop.serve)

    assert named(application, "request") == "shop.serve"
    assert named(application, "middleware") is None


def test_after_a_request_within_a_request(application, shop):
    """
    A consumer that ran and ended inside a request does not take the request's place.
    """
    start = application.tracer.start_as_current_span
    with start("request", kind=SpanKind.SERVER):
        with start("inner", kind=SpanKind.CONSUMER):
            pass
        served(shop.serve)

    assert named(application, "request") == "shop.serve"
    assert named(application, "inner") is None


def test_a_request_of_another_trace_is_left_alone(application, shop):
    """
    A request that still runs elsewhere is not named for what has a trace of its own.
    """
    start = application.tracer.start_as_current_span
    with start("request", kind=SpanKind.SERVER), start("job", context=Context()):
        served(shop.serve)

    assert named(application, "request") is None


def test_a_request_that_is_no_longer_current_is_left_alone(application, shop):
    """
    Nor is one that was begun in this context and is current no more, though it has not ended.
    """
    request = application.tracer.start_span("request", kind=SpanKind.SERVER)
    token = context.attach(trace.set_span_in_context(request))
    context.detach(token)
    served(shop.serve)
    request.end()

    assert named(application, "request") is None


def test_a_thread_of_a_pool_forgets(application, shop):
    """
    The next work of a thread is not named on the request that it served before.
    """

    def request():
        with application.tracer.start_as_current_span("request", kind=SpanKind.SERVER):
            pass

    with ThreadPoolExecutor(1) as pool:
        pool.submit(request).result()
        pool.submit(served, shop.serve).result()

    assert named(application, "request") is None


@pytest.mark.parametrize(
    ("library", "unit"), [("kafka", "caller"), ("aiokafka", "caller"), ("a worker", "handler")]
)
def test_a_span_that_was_asked_for_has_a_caller(application, shop, library, unit):
    """
    Asking Kafka for a message is a call like another; a span opened by hand has a handler.
    """
    tracer = application.provider.get_tracer(f"opentelemetry.instrumentation.{library}")
    shop.ask(tracer, SpanKind.CONSUMER)

    assert application.span("ask").attributes.get("aiprov.unit") == unit


SINCE_3_12 = pytest.mark.skipif(
    sys.version_info < (3, 12), reason="before, Python can't tell when a function starts"
)


@SINCE_3_12
@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [("kept", "shop.kept", None), ("hidden", "shop.hidden", "shop.bare.<locals>.check")],
)
def test_the_innermost_function_that_ran_is_named(application, shop, name, allowed, refused):
    """
    Below a decorator, the function; where the decorator refused, what ran of the application.
    """
    handler = getattr(shop, name)
    for is_allowed in (True, False):
        with application.tracer.start_as_current_span(str(is_allowed), kind=SpanKind.SERVER):
            handled_by(handler)
            handler(is_allowed)

    assert named(application, "True") == allowed
    assert named(application, "False") == refused


@SINCE_3_12
def test_a_handler_that_is_not_called_names_nothing(application, shop):
    """
    A framework that says what it is about to call, and is refused, names nothing.
    """
    with application.tracer.start_as_current_span("request", kind=SpanKind.SERVER):
        handled_by(shop.serve)

    assert named(application, "request") is None


def test_the_innermost_of_two_layers_is_named(application, shop):
    """
    Where a framework calls one handler within another, as interceptors do, the inner one counts.
    """
    with application.tracer.start_as_current_span("request", kind=SpanKind.SERVER):
        served(shop.hidden)
        served(shop.serve)

    assert named(application, "request") == "shop.serve"
    attributes = application.span("request").attributes
    assert (attributes["aiprov.origin"], attributes["aiprov.unit"]) == ("ai", "handler")


def test_words_of_the_opener_stay(application, shop):
    """
    What the opener of a span said about it is never replaced.
    """
    said = {"aiprov.origin": "mixed"}
    start = application.tracer.start_as_current_span
    with start("request", kind=SpanKind.SERVER, attributes=said):
        served(shop.serve)

    assert application.span("request").attributes == said


@pytest.mark.parametrize("kind", [SpanKind.SERVER, SpanKind.CONSUMER])
def test_an_entry_span_opened_by_hand_names_its_opener(application, shop, kind):
    """
    A worker or a batch job that opens its own entry span is the handler of it.
    """
    shop.work(application.tracer, kind)
    assert named(application, "work") == "shop.work"
    assert application.span("work").attributes["aiprov.unit"] == "handler"


def test_an_error_in_the_callback_does_not_reach_the_handler(application, shop, monkeypatch):
    """
    A failure while a handler starts is swallowed like any other of ours.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    monkeypatch.setattr(handlers, "name", int)  # which refuses a span
    with application.tracer.start_as_current_span("request", kind=SpanKind.SERVER):
        assert served(shop.serve) == "ok"
