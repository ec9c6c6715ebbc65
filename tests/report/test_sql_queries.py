"""The counts that the method is given, in SQL."""

from __future__ import annotations

from dataclasses import replace

import pytest
from opentelemetry.trace import SpanKind

from aiprov_otel.report import sql
from aiprov_otel.report.report import build_report
from aiprov_otel.telemetry.store import Store
from aiprov_otel.values import Unit
from support.telemetry import AI, EPOCH, HUMAN, Service

SERVER = {"kind": SpanKind.SERVER}


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        yield store


@pytest.fixture
def ask(service, store):
    """Ask of what the service has sent."""

    def ask(question):
        service.send(store)
        with store.reader() as reader:
            for name in sql.TABLES:
                reader.query(sql.table(name))
            return reader.query(question)

    return ask


@pytest.mark.parametrize(
    ("committed", "age"),
    [
        (None, "unknown"),
        ("not a time", "unknown"),
        ("2026-09-20T00:00:00Z", "up to 1 month"),
        ("2026-09-20T00:00:00+02:00", "up to 1 month"),
        ("2026-07-01T00:00:00Z", "1 to 3 months"),
        ("2026-01-01T00:00:00Z", "3 to 12 months"),
        ("2025-01-01T00:00:00Z", "1 to 2 years"),
        ("2020-01-01T00:00:00Z", "over 2 years"),
    ],
)
def test_the_age_is_that_of_the_code_when_it_ran(service, ask, committed, age):
    """In September 2026, when the spans of tests begin."""
    service.span("total", by=replace(AI, time=committed))

    ((*_, found, calls, errors),) = ask(sql.query("cells"))

    assert (found, calls, errors) == (age, 1, 0)


def test_code_grows_older_while_it_runs(service, ask):
    """A function is counted apart by the age that it had at each call."""
    young = replace(AI, time="2026-09-01T00:00:00Z")
    for day in (0, 5, 20):
        service.span("total", by=young, at=day * 86_400_000)

    assert sorted((row[-3], row[-2]) for row in ask(sql.query("cells"))) == [
        ("1 to 3 months", 1),
        ("up to 1 month", 2),
    ]


def test_handlers_are_left_out(service, ask):
    """A route has one: there is nothing to compare it with."""
    root = service.span("GET /", by=HUMAN, unit=Unit.HANDLER, function="browse", **SERVER)
    service.span("SELECT", root, by=AI, unit=Unit.CALLER, function="search")
    service.span("total", root, by=AI)

    assert sorted(row[1:5] for row in ask(sql.query("cells"))) == [
        ("GET /", "caller", "shop.search", "ai"),
        ("GET /", "function", "shop.total", "ai"),
    ]


def test_counts_by_time(service, ask):
    """Calls and errors by part; an error counts when it happened."""
    service.span("total", by=AI, at=0)
    service.span("total", by=AI, at=12, ms=5, failed=True)
    question = sql.query("over_time", begin=EPOCH, width=10_000_000)

    assert sorted((row[0], *row[-2:]) for row in ask(question)) == [(0, 1, 0), (1, 1, 1)]


def test_times_are_counted_in_steps(service, ask):
    """8 ms are three doublings, that is 24 steps; next to nothing is a step too."""
    for ms in (8, 8, 8.1, 1, 0):
        service.span("total", by=AI, ms=ms)

    found = {step: calls for *_, step, calls in ask(sql.query("histogram", column="Ms"))}

    assert found[3 * sql.HISTOGRAM_STEPS] == 3
    assert found[0] == 1
    assert min(found) < -100


def test_functions_that_changed_hands_are_found_in_telemetry(service, store):
    """Half-way through, AI-written lines replace those of people, and fail twice as often."""
    steady = replace(HUMAN, commit="5" * 40)
    for n in range(48):
        late = n >= 24
        for k in range(11):
            by, often = (AI, 2 + k % 2) if late else (HUMAN, 4 + k % 2)
            for name, who, bad in (
                (f"turned{k}", by, n % often == 0),
                (f"steady{k}", steady, n % (4 + k % 3) == 0),
            ):
                root = service.span("GET /", at=n * 1_000, ms=90, failed=bad, **SERVER)
                service.span(name, root, at=n * 1_000, by=who, failed=bad)
    service.send(store)

    result = build_report(store).before_after

    assert (result.changed, result.steady) == (11, 11)
    assert result.ratio.value == pytest.approx(1.9, abs=0.3)
    assert result.ratio.low > 1
