"""What counts as a request, a call and an error, on spans that once gave a wrong number."""

from __future__ import annotations

import io

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from aiprov_otel.report.render.terminal import open_console, show_report
from aiprov_otel.report.report import build_report
from aiprov_otel.telemetry.store import Store
from aiprov_otel.values import Unit
from support.telemetry import AI, HUMAN, Service, record

SERVER = {"kind": SpanKind.SERVER}
CLIENT = {"kind": SpanKind.CLIENT, "unit": Unit.CALLER}


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def read(tmp_path, service):
    """The report on what the service has sent."""

    def read():
        with Store.open(tmp_path / "telemetry.duckdb") as store:
            service.send(store)
            return build_report(store)

    return read


def test_a_caller_is_called_once_for_each_span_that_it_called_from(service, read):
    """96 statements of one function in one request are one call of it, and their time adds up."""
    root = service.span("GET /", ms=200, **SERVER)
    for n in range(96):
        service.span("SELECT", root, by=AI, at=n, ms=1, function="load", **CLIENT)
    again = service.span("GET /", at=300, ms=200, **SERVER)
    service.span("SELECT", again, by=AI, at=301, ms=1, function="load", **CLIENT)

    (function,) = read().slowest

    assert (function.calls, function.self_s) == (2, pytest.approx(0.097))


def test_a_query_of_two_instrumentations_fails_once(service, read):
    """37 queries that the driver and the layer above it report each are 37 errors."""
    for n in range(37):
        at, error = n * 100, OSError("no table")
        root = service.span("GET /", at=at, ms=50, by=HUMAN, unit=Unit.HANDLER, **SERVER)
        load = service.span("load", root, at=at, ms=40, by=AI, failed=True, raised=(error, AI))
        service.span("SELECT db", load, at=at + 1, ms=20, by=AI, failed=True, **CLIENT)
        driver = {**CLIENT, "raised": (error, AI)}
        service.span("SELECT", load, at=at + 2, ms=10, by=AI, failed=True, **driver)

    report = read()

    assert (report.counts.handled, report.counts.escaped) == (37, 0)


def test_a_query_that_was_made_up_for_counts_once(service, read):
    """Also where no span above records it."""
    root = service.span("GET /", ms=50, **SERVER)
    error = {"failed": True, "raised": (OSError("no table"), AI)}
    service.span("SELECT db", root, at=1, ms=20, by=AI, failed=True, **CLIENT)
    service.span("SELECT", root, at=2, ms=10, by=AI, **error, **CLIENT)

    assert read().counts.handled == 1


def test_a_refusal_has_not_failed_a_request(service, read):
    """Ten times `Http404`, for which an instrumentation fails its span, are no failed request."""
    for n in range(10):
        service.span(
            "GET /",
            at=n * 100,
            failed=True,
            raised=(KeyError("none"), AI),
            **SERVER,
            **{"http.response.status_code": 404},
        )
        service.span("GET /", at=n * 100 + 50, **SERVER, **{"http.response.status_code": 404})

    counts = read().counts

    assert (counts.requests, counts.failed_requests) == (20, 0)
    assert (counts.escaped, counts.handled, counts.expected) == (0, 0, 10)


def test_a_function_without_spans_has_no_number_of_calls(service, read, tmp_path):
    """16 errors in 0 calls would be wrong: how often it was called is not known."""
    for n in range(16):
        raised = (KeyError(str(n)), HUMAN)
        service.span(
            "GET /", at=n * 20, by=AI, unit=Unit.HANDLER, failed=True, raised=raised, **SERVER
        )

    report = read()
    out = io.StringIO()
    show_report(report, None, open_console(out))

    assert [(row.function, row.calls, row.errors) for row in report.functions] == [
        ("shop.raising", None, 16)
    ]
    assert "not counted" in out.getvalue()


def test_a_request_is_shown_without_the_life_around_it(service, read):
    """Where one span covers the life of a server, its start is no failing request."""
    life = service.span("main", ms=9_000)
    early = service.tracer.start_span("start")
    record(early, ImportError("speedups"), AI)
    early.end()
    request = service.tracer.start_span("in the life")
    request.end()
    error = (KeyError("k"), AI)
    root = service.span("GET /", life, at=100, ms=50, failed=True, raised=error, **SERVER)
    service.span("total", root, at=110, ms=5, by=AI, failed=True, raised=error)
    service.span("configure", life, at=1, ms=5, by=AI)

    failure = read().failure

    assert (failure.is_request, failure.type) == (True, "KeyError")
    assert [step.name for step in failure.steps] == ["GET /", "total"]


def test_what_runs_after_the_answer_is_decided_by_itself(service, read):
    """A background task fails, and the request that it belongs to has not."""
    root = service.span("POST /", ms=10, **SERVER)
    service.span("mail", root, at=20, ms=5, by=AI, failed=True, raised=(OSError("x"), AI))

    counts = read().counts

    assert (counts.failed_requests, counts.escaped) == (0, 1)


def test_a_group_counts_by_its_members(service, read):
    """Both tasks of a group failed the request; the group itself was raised by nobody."""
    group = (ExceptionGroup("tasks", [KeyError("a"), KeyError("b")]), AI)
    root = service.span("GET /", ms=50, failed=True, raised=group, **SERVER)
    for n, name in enumerate("ab"):
        error = (KeyError(name), AI)
        service.span("task", root, at=1 + n, ms=2, by=AI, failed=True, raised=error)

    assert read().counts.escaped == 2


def test_an_event_that_is_marked_as_repeated_is_not_counted(service, read):
    """In another trace, only the service knows that it is the same exception."""
    error = KeyError("k")
    service.span("in the pool", by=AI, failed=True, raised=(error, AI))
    root = service.tracer.start_span("GET /", kind=SpanKind.SERVER)
    root.record_exception(error, {"aiprov.exception.repeated": True})
    root.set_status(StatusCode.ERROR)
    root.end()

    counts = read().counts

    assert (counts.escaped, counts.failed_requests) == (1, 1)
