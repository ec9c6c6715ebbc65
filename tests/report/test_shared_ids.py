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


@pytest.mark.parametrize("is_last", [False, True])
def test_a_failed_run_stands_for_those_that_succeeded(report, is_last):
    """A request that failed in one of two runs has escaped, whichever run came first."""
    runs = []
    for failed in (is_last, not is_last):
        service = Service()
        error = {"failed": failed, "raised": (ValueError("x"), AI) if failed else None}
        root = service.span("GET /", ms=100, kind=SpanKind.SERVER, **error)
        service.span("total", root, by=AI, ms=50, **error)
        runs.append(service.rows())
    ids = {row.span_name: row for row in runs[0]}
    again = [
        row._replace(
            timestamp=row.timestamp + SECOND,
            trace_id=ids[row.span_name].trace_id,
            span_id=ids[row.span_name].span_id,
            parent_span_id=ids[row.span_name].parent_span_id,
        )
        for row in runs[1]
    ]

    found = report([*runs[0], *again])

    assert (found.counts.handled, found.counts.escaped) == (0, 1)


def test_a_span_with_two_parents_is_in_no_circle(report):
    """An id that comes again below its own child does not keep a report from ending."""
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


def test_a_request_of_few_ids_is_shown_once(report):
    """Sixty spans have four ids, each of them also below the others: each is one step."""
    service = Service()
    error = {"failed": True, "raised": (ValueError("x"), AI)}
    root = service.span("GET /", ms=100, kind=SpanKind.SERVER, **error)
    for number in range(60):
        service.span(f"f{number}", root, by=AI, at=number, **error)
    rows = {row.span_name: row for row in service.rows()}
    top = rows.pop("GET /")
    ids = [f"{number:016x}" for number in range(1, 5)]
    below = [
        row._replace(span_id=ids[n % 4], parent_span_id=[top.span_id, *ids][n // 4 % 5])
        for n, row in enumerate(rows.values())
    ]

    found = report([top, *below])

    assert found.failure
    assert len(found.failure.steps) == 61
