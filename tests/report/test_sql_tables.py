"""Where a call ran, and whose error an error is."""

from __future__ import annotations

from collections import Counter

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind

from aiprov_otel.report import sql
from aiprov_otel.telemetry.store import Store
from aiprov_otel.values import Unit
from support.telemetry import AI, EPOCH, HUMAN, Service

SERVER = {"kind": SpanKind.SERVER}


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def ask(tmp_path, service):
    """Ask the prepared tables of what the service has sent."""
    with Store.open(tmp_path / "telemetry.duckdb") as store:

        def ask(question):
            service.send(store)
            with store.reader() as reader:
                for name in sql.TABLES:
                    reader.query(sql.table(name))
                return reader.query(question)

        yield ask


def routes(ask):
    """How many units of each name ran on each route."""
    return Counter(ask("SELECT ServiceName, Route, Name FROM units"))


def counts(ask):
    """Calls and errors by route, function and origin."""
    rows = ask(
        "SELECT Route, Kind, Name, Origin, sum(calls), sum(errors) FROM ("
        "SELECT Route, Kind, Name, Origin, Weight AS calls, 0 AS errors FROM units UNION ALL "
        "SELECT Route, Kind, Name, Origin, 0 AS calls, Weight AS errors FROM placed"
        ") AS observed GROUP BY Route, Kind, Name, Origin"
    )
    return {row[:4]: row[4:] for row in rows}


def test_a_unit_ran_on_the_route_of_its_local_root(service, ask):
    """However deep below the span that the request came in by."""
    root = service.span("GET /a", ms=90, **SERVER)
    inner = service.span("block", root, ms=50)
    service.span("total", inner, by=AI)
    service.span("alone", by=AI)

    assert routes(ask) == {("shop", "GET /a", "shop.total"): 1, ("shop", "alone", "shop.alone"): 1}


def test_a_service_that_calls_itself_serves_two_routes(service, ask):
    """The nearest server span above counts, also where a trace has several."""
    outer = service.span("GET /outer", ms=90, **SERVER)
    service.span("total", outer, by=AI)
    call = service.span("GET", outer, ms=50, kind=SpanKind.CLIENT)
    inner = service.span("GET /inner", call, ms=40, **SERVER)
    block = service.span("block", inner, ms=40)
    service.span("total", block, by=AI)

    assert routes(ask) == {
        ("shop", "GET /outer", "shop.total"): 1,
        ("shop", "GET /inner", "shop.total"): 1,
    }


def test_another_service_has_routes_of_its_own(service, ask):
    """In one trace each service is entered by a span of its own."""
    root = service.span("GET /a", ms=90, **SERVER)
    other = TracerProvider(resource=Resource({"service.name": "bank"}), shutdown_on_exit=False)
    other.add_span_processor(SimpleSpanProcessor(service.memory))
    service.tracer, own = other.get_tracer("tests"), service.tracer
    remote = service.span("pay", root, ms=40)
    service.span("settle", remote, by=HUMAN)
    service.tracer = own
    service.span("total", root, by=AI)

    assert routes(ask) == {
        ("shop", "GET /a", "shop.total"): 1,
        ("bank", "pay", "shop.settle"): 1,
    }


def test_an_error_is_of_the_unit_whose_line_raised_it(service, ask):
    """Recorded on the handler too, it counts once, for the function that raised."""
    error = KeyError("k")
    root = service.span("GET /a", ms=90, failed=True, raised=(error, AI), **SERVER)
    service.span("raising", root, by=HUMAN, failed=True, raised=(error, AI))
    service.span("total", root, by=AI)

    assert counts(ask) == {
        ("GET /a", "function", "shop.raising", "human"): (1, 1),
        ("GET /a", "function", "shop.total", "ai"): (1, 0),
    }


def test_a_caller_that_failed_before_it_called_is_found_by_its_route(service, ask):
    """Without a span of its function in the trace, the version counts that ran there then."""
    for at, by in ((0, HUMAN), (1_000, AI)):
        root = service.span("GET /a", at=at, ms=90, **SERVER)
        service.span("SELECT", root, at=at, by=by, unit=Unit.CALLER, function="raising")
    for at in (500, 1_500, 1_600):
        service.span(
            "GET /a", at=at, ms=9, failed=True, raised=(KeyError(str(at)), HUMAN), **SERVER
        )

    assert counts(ask) == {
        ("GET /a", "caller", "shop.raising", "human"): (1, 1),
        ("GET /a", "caller", "shop.raising", "ai"): (1, 2),
    }


def test_an_error_without_any_call_has_no_place(service, ask):
    """A function without spans has no exposure; its errors are left to the other tables."""
    service.span("total", by=AI, failed=True, raised=(KeyError("k"), HUMAN))

    assert counts(ask) == {("total", "function", "shop.total", "ai"): (1, 0)}
    assert ask("SELECT count(*) FROM errors") == [(1,)]


def test_the_latest_unit_before_the_error_has_it(service, ask):
    """A function that is called twice in a trace, of two versions, fails with the one at hand."""
    root = service.span("GET /a", ms=90, failed=True, **SERVER)
    service.span("raising", root, at=1, ms=2, by=HUMAN)
    service.span("raising", root, at=5, ms=2, by=AI, failed=True, raised=(KeyError("k"), AI))
    service.span("raising", root, at=20, ms=2, by=HUMAN)

    assert counts(ask)["GET /a", "function", "shop.raising", "ai"] == (1, 1)
    assert ask("SELECT Time FROM placed") == [(EPOCH + 7_000_000,)]
