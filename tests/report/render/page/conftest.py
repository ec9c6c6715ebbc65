"""Pages to render."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from opentelemetry.trace import SpanKind

from aiprov_otel.coverage.values import FileCoverage
from aiprov_otel.manifest import Manifest, Run, SourceFile, content_hash, dump
from aiprov_otel.report.code import Code
from aiprov_otel.report.page import read_copy
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, HUMAN, UNKNOWN, Service, serve

MADE = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)> $style \u202e'


@pytest.fixture
def made():
    """When the pages of tests are made."""
    return MADE


@pytest.fixture(scope="session")
def of(tmp_path_factory):
    """Every view of what a service sent."""

    def of(service: Service, code: Code | None = None, **options):
        with Store.open(tmp_path_factory.mktemp("of") / "telemetry.duckdb") as store:
            service.send(store)
            return read_copy(store, None, None, code or Code(), **options)

    return of


@pytest.fixture(scope="session")
def code(tmp_path_factory):
    """A manifest of one file with its text, whose lines a model and a person wrote."""
    text = "".join(f"line {number}\n" for number in range(1, 21))
    runs = (Run(1, 9, AI), Run(10, 6, HUMAN), Run(16, 5, UNKNOWN))
    file = SourceFile("src/shop/cart.py", "shop/cart.py", content_hash(text.encode()), runs)
    path = tmp_path_factory.mktemp("code") / "m"
    dump(path, [file], revision=None, repository_url=None, policy={})
    tested = FileCoverage("src/shop/cart.py", frozenset({6, 7}), frozenset({8, 9}))
    return Code(
        Manifest.load(path),
        text=lambda _: text,
        subjects=lambda commits: dict.fromkeys(commits, "Add <b>totals</b>"),
        coverage={"src/shop/cart.py": tested},
    )


@pytest.fixture(scope="session")
def compared(of, code):
    """A page on which AI-written functions fail twice as often on the same route."""
    service = Service(repository="https://forge.example/shop", revision="4" * 40)
    serve(service, functions=30, calls=20)
    fail(service, "no price")
    return of(service, code)


@pytest.fixture(scope="session")
def hostile(of, code):
    """A page on which every text that a service chooses is an attack."""
    service = Service(repository=f"https://forge.example/{HOSTILE}", revision=HOSTILE)
    serve(service, route=HOSTILE)
    fail(service, HOSTILE, name=HOSTILE)
    return of(service, code)


def fail(service: Service, message: str, name: str = "total") -> None:
    """A request that fails in a line of a model, since *message* is no number."""
    root = service.span("GET /", by=HUMAN, ms=9, failed=True, kind=SpanKind.SERVER, function=name)
    try:
        int(message)
    except ValueError as error:
        service.span(name, root, by=AI, failed=True, raised=(error, AI))
