"""What became of an error: on the span by which the work came in, and once per raise."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from aiprov_otel.manifest import dump
from aiprov_otel.runtime import outcomes
from support.application import REVISION

SHOP = """\
import json
import logging
import aiprov_otel

log = logging.getLogger("shop")

class Sold(Exception):
    pass

class SoldOut(Sold):
    pass

@aiprov_otel.provenance
def fail(error=KeyError):
    raise error("x")

@aiprov_otel.provenance
def call(library):
    library()

def answer(error=ValueError):
    try:
        raise error("x")
    except Exception as failed:
        log.exception("could not answer")
        return failed
"""
SERVER = {"kind": SpanKind.SERVER}


@pytest.fixture
def shop(application):
    """The shop, installed; its policy expects that something is sold."""
    shop = application.module("shop", SHOP)
    path = application.folder / "with-a-policy.manifest"
    policy = {"expected_errors": ["shop.Sold"]}
    dump(path, application.sources, revision=REVISION, repository_url=None, policy=policy)
    application.install(manifest=path)
    return shop


def outcome(application, name="GET /"):
    """What the span *name* has as its outcome."""
    return application.spans[name].attributes.get("aiprov.error.outcome")


def repeated(application):
    """Of each exception event, in order, whether it is marked as recorded before."""
    return [
        event.attributes.get("aiprov.exception.repeated", False)
        for span in application.memory.get_finished_spans()
        for event in span.events
    ]


@pytest.mark.parametrize(
    ("error", "status", "expected"),
    [
        (KeyError, 500, "escaped"),
        (KeyError, 404, "expected"),
        (KeyError, 200, "handled"),
        ("SoldOut", 500, "expected"),
    ],
)
def test_the_entry_span_has_the_outcome(application, shop, error, status, expected):
    """By the answer of the request, and by the classes that the policy lists."""
    error = getattr(shop, error) if isinstance(error, str) else error
    with application.tracer.start_as_current_span("GET /", **SERVER) as span:
        with pytest.raises(error):
            shop.fail(error)
        span.set_attribute("http.response.status_code", status)
        if status >= 500:
            span.set_status(StatusCode.ERROR)

    assert outcome(application) == expected


def test_a_request_without_an_error_has_none(application, shop):
    """Nothing is added to a span in which nothing failed."""
    with application.tracer.start_as_current_span("GET /", **SERVER) as span:
        span.set_attribute("http.response.status_code", 404)

    assert outcome(application) is None


def test_a_request_that_returns_500_names_who_raised(application, shop):
    """Below a middleware that answers for it, the entry span has `aiprov.error.*` too."""
    with application.tracer.start_as_current_span("GET /", **SERVER) as span:
        with pytest.raises(KeyError):
            shop.fail()
        span.set_status(StatusCode.ERROR)

    assert application.spans["GET /"].attributes["aiprov.error.origin"] == "ai"


def test_a_request_is_failed_by_what_it_logged(application, shop):
    """An application that catches all, logs it and answers 500: the entry span gets that line."""
    with application.tracer.start_as_current_span("GET /", **SERVER) as span:
        shop.answer()
        span.set_status(StatusCode.ERROR)

    (event,) = application.spans["GET /"].events
    assert event.attributes["exception.type"] == "ValueError"
    assert event.attributes["code.function.name"] == "shop.answer"
    assert outcome(application) == "escaped"
    assert application.spans["GET /"].attributes["aiprov.error.origin"] == "ai"


def test_a_failed_span_counts_if_the_application_opened_it(application, shop):
    """Also without an exception; a library that gives up on something of its own does not count."""

    def fail():
        trace.get_current_span().set_status(StatusCode.ERROR)

    with application.tracer.start_as_current_span("GET /", **SERVER):
        shop.call(fail)
    start = application.tracer.start_as_current_span
    with start("PUT /", **SERVER), start("library"):
        fail()

    assert outcome(application, "GET /") == "handled"
    assert outcome(application, "PUT /") is None


def test_what_was_logged_goes_before_what_was_handled(application, shop):
    """A request that failed after another error that somebody made up for."""
    with application.tracer.start_as_current_span("GET /", **SERVER) as span:
        with pytest.raises(KeyError):
            shop.fail()
        shop.answer()
        span.set_status(StatusCode.ERROR)

    assert application.spans["GET /"].attributes["error.type"] == "ValueError"


def test_what_was_logged_of_a_request_that_did_not_fail_is_let_go(application, shop, monkeypatch):
    """It is no error of the request, and is not kept alive."""
    monkeypatch.setattr(shop.log, "propagate", False)  # pytest keeps what it captures
    with application.tracer.start_as_current_span("GET /", **SERVER):
        logged = weakref.ref(shop.answer(shop.Sold))

    assert not application.spans["GET /"].events
    assert outcome(application) is None
    gc.collect()
    assert logged() is None


def test_what_was_recorded_is_not_recorded_again_for_being_logged(application, shop):
    """By a span below, or by the entry span itself."""

    def serve():
        with application.tracer.start_as_current_span("GET /", **SERVER):
            try:
                shop.fail()
            except KeyError:
                shop.log.exception("could not answer")
                raise

    with pytest.raises(KeyError):
        serve()

    assert repeated(application) == [False, True]


def test_what_a_library_raised_from_another_is_one(application, shop):
    """A layer above a driver wraps its errors; the application failed once, at one line."""

    def driver():
        with application.tracer.start_as_current_span("driver"):
            raise OSError("no route")

    def library():
        try:
            driver()
        except OSError as error:
            raise RuntimeError("no database") from error

    with (
        application.tracer.start_as_current_span("GET /", **SERVER),
        pytest.raises(RuntimeError),
    ):
        shop.call(library)

    assert repeated(application) == [False, True]


def test_what_was_raised_in_a_pool_is_marked_where_its_result_is_read(application, shop):
    """In a trace of its own, and in that of the request."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(shop.fail)
    with (
        pytest.raises(KeyError),
        application.tracer.start_as_current_span("GET /", **SERVER),
    ):
        future.result()

    assert repeated(application) == [False, True]
    assert (outcome(application, "shop.fail"), outcome(application)) == ("escaped", "escaped")


def test_a_child_that_outlives_its_request_is_decided_by_itself(application, shop):
    """As a background task, whose span ends after the one above it."""
    request = application.tracer.start_span("GET /", **SERVER)
    with trace.use_span(request):
        child = application.tracer.start_span("later")
    request.end()
    with pytest.raises(KeyError), trace.use_span(child, end_on_exit=True):
        shop.fail()

    assert (outcome(application), outcome(application, "later")) == (None, "escaped")


def test_spans_that_never_end_fill_no_memory(application, shop):
    """Beyond a limit, the oldest is let go."""
    for number in range(outcomes.LIMIT + 20):
        application.tracer.start_span("s").record_exception(KeyError(number))

    assert len(outcomes.waiting) == outcomes.LIMIT
    outcomes.waiting.clear()
