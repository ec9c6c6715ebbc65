"""Which span a handler is named on: that of the request which is being served, or none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

from aiprov_otel.runtime.spans import handled_by

SHOP = """\
def serve():
    return "ok"


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


@pytest.mark.parametrize("kind", [SpanKind.SERVER, SpanKind.CONSUMER])
def test_below_spans_of_its_own(application, shop, kind):
    """
    The request's span is named also while a span of a middleware is current.
    """
    start = application.tracer.start_as_current_span
    with start("request", kind=kind), start("middleware"):
        handled_by(shop.serve)

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
        handled_by(shop.serve)

    assert named(application, "request") == "shop.serve"
    assert named(application, "inner") is None


def test_a_request_of_another_trace_is_left_alone(application, shop):
    """
    A request that still runs elsewhere is not named for what has a trace of its own.
    """
    start = application.tracer.start_as_current_span
    with start("request", kind=SpanKind.SERVER), start("job", context=Context()):
        handled_by(shop.serve)

    assert named(application, "request") is None


def test_a_request_that_is_no_longer_current_is_left_alone(application, shop):
    """
    Nor is one that was begun in this context and is current no more, though it has not ended.
    """
    request = application.tracer.start_span("request", kind=SpanKind.SERVER)
    token = context.attach(trace.set_span_in_context(request))
    context.detach(token)
    handled_by(shop.serve)
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
        pool.submit(handled_by, shop.serve).result()

    assert named(application, "request") is None


@pytest.mark.parametrize(
    ("library", "unit"), [("kafka", "caller"), ("aiokafka", "caller"), ("pika", None)]
)
def test_a_span_that_was_asked_for_has_a_caller(application, shop, library, unit):
    """
    Asking Kafka for a message is a call like another; other consumers are called, by their library.
    """
    tracer = application.provider.get_tracer(f"opentelemetry.instrumentation.{library}")
    shop.ask(tracer, SpanKind.CONSUMER)

    assert application.span("ask").attributes.get("aiprov.unit") == unit
