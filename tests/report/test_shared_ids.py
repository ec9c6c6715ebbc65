"""Spans that share an id, as those of a program that seeds `random`, leave a report that ends."""

from __future__ import annotations

import pytest
from opentelemetry.trace import SpanKind

from aiprov_otel.report.report import build_report
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, Service

SECOND = 10**9  # nanoseconds


@pytest.fixture
def report(tmp_path):
    """The report on rows."""

    def report(rows):
        with Store.open(tmp_path / "telemetry.duckdb") as store:
            assert store.add(rows) == len(rows)
            return build_report(store)

    return report


def test_a_program_that_seeds_its_ids_is_one_trace(report):
    """Ten runs of thirty nested spans: the walk from span to parent does not multiply."""
    service = Service()
    parent = service.span("GET /", ms=1_000, kind=SpanKind.SERVER)
    for depth in range(1, 30):
        error = {"failed": True, "raised": (ValueError("x"), AI)} if depth == 29 else {}
        parent = service.span(
            f"f{depth}",
            parent,
            by=AI,
            at=depth,
            ms=1_000 - 2 * depth,
            function=f"f{depth}",
            **error,
        )
    rows = service.rows()
    runs = [row._replace(timestamp=row.timestamp + n * SECOND) for n in range(10) for row in rows]

    found = report(runs)

    assert (found.counts.handled, found.counts.escaped) == (1, 0)
    (ai,) = found.arms
    assert (ai.origin, ai.calls, ai.self_p50_ms) == ("ai", 29, pytest.approx(20))


def test_a_span_with_two_parents_is_in_no_circle(report):
    """An id that comes again below its own child leaves a report of all."""
    service = Service()
    first = service.span("GET /a", by=AI, kind=SpanKind.SERVER)
    service.span("GET /b", first, by=AI, kind=SpanKind.SERVER)
    above = service.span("above", first, by=AI)
    service.span("below", above, by=AI, failed=True)
    rows = {row.span_name: row for row in service.rows()}
    again = rows["above"]._replace(
        timestamp=rows["above"].timestamp + SECOND, parent_span_id=rows["below"].span_id
    )

    found = report([*rows.values(), again])

    assert (found.counts.handled, found.counts.escaped) == (1, 0)
