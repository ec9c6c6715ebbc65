"""Reports that a page is made of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from opentelemetry.trace import SpanKind

from aiprov_otel.report.report import build_report
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, HUMAN, Service, serve

MADE = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)> $style \u202e'


@pytest.fixture
def made():
    """When the pages of tests are made."""
    return MADE


@pytest.fixture(scope="session")
def of(tmp_path_factory):
    """The report on what a service sent."""

    def of(service: Service, **options):
        with Store.open(tmp_path_factory.mktemp("of") / "telemetry.duckdb") as store:
            service.send(store)
            return build_report(store, **options)

    return of


@pytest.fixture(scope="session")
def compared(of):
    """A report in which AI-written functions fail twice as often on the same route."""
    service = Service(repository="https://forge.example/shop")
    serve(service, functions=30, calls=20)
    fail(service, "no price")
    return of(service)


@pytest.fixture(scope="session")
def hostile(of):
    """A report in which every text that a service chooses is an attack."""
    service = Service(repository=f"https://forge.example/{HOSTILE}")
    serve(service, route=HOSTILE)
    fail(service, HOSTILE, name=HOSTILE)
    return of(service)


def fail(service: Service, message: str, name: str = "total") -> None:
    """A request that fails in a line of a model, since *message* is no number."""
    root = service.span("GET /", by=HUMAN, ms=9, failed=True, kind=SpanKind.SERVER, function=name)
    try:
        int(message)
    except ValueError as error:
        service.span(name, root, by=AI, failed=True, raised=(error, AI))
