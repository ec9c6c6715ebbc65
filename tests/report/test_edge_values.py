"""No value of a column makes a report fail, or hides the spans beside it."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import duckdb
import pytest

from aiprov_otel.report.code import Code
from aiprov_otel.report.page import read_copy
from aiprov_otel.report.render.markdown import render_markdown
from aiprov_otel.report.render.page.html import render_page
from aiprov_otel.report.render.terminal import open_console, show_report
from aiprov_otel.report.report import Report, build_report
from aiprov_otel.telemetry import sources
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, HUMAN, Service, serve

LATEST = "make_timestamp_ns(9223372036854775806)"
EDGES = {
    "Duration": ["18446744073709551615", "9223372036854775808", "0"],
    "Timestamp": [LATEST, "'infinity'", "'-infinity'", "make_timestamp_ns(0)"],
    '"Events.Timestamp"': [
        f"[{LATEST}]",
        "['infinity']::TIMESTAMP_NS[]",
        "['-infinity']::TIMESTAMP_NS[]",
        "[NULL]",
        "[]",
    ],
    '"Events.Name"': ["[NULL]", "['exception', NULL, 'exception']", "[]"],
    '"Events.Attributes"': [
        "[NULL]",
        "[]",
        "[MAP {'exception.type': NULL}]",
        *(
            f"[MAP {{'exception.type': 'KeyError', 'code.line.number': '{line}'}}]"
            for line in ("9223372036854775808", "-9223372036854775808", "NaN", "Infinity", "1e400")
        ),
    ],
    "SpanAttributes": [
        *(
            f"map_concat(SpanAttributes, MAP {{'aiprov.commit.time': '{time}'}})"
            for time in (
                *("infinity", "-infinity", "NaN", "0001-01-01T00:00:00+14:00"),
                *("9999-12-31T23:59:59-14:00", "290000-01-10 (BC)", "294247-01-10 04:00:54"),
            )
        ),
        "map_concat(SpanAttributes, MAP {'aiprov.origin': 'martian'})",
        "map_concat(SpanAttributes, MAP {'aiprov.agent.name': chr(27) || '[31m' || chr(8238)})",
        "map_concat(SpanAttributes, MAP {'code.function.name': repeat('f', 1000000)})",
        "MAP {'aiprov.origin': NULL}",
        "MAP {}",
    ],
    "TraceState": ["'ot=th:ffffffffffffff'", "'ot=th:00000000000001'", "repeat('ot=', 100000)"],
    "ParentSpanId": ["SpanId", "'nowhere'"],
    "SpanName": ["''", "chr(27) || ']0;title' || chr(7)"],
    "SpanKind": ["'Alien'"],
    "ServiceName": ["''"],
    "StatusCode": ["'Alien'"],
}


@pytest.fixture
def store(tmp_path):
    """A store of a service whose origins can be compared."""
    service = Service()
    serve(service, calls=12)
    root = service.span("GET /b", by=HUMAN, ms=50, failed=True)
    for n in range(12):
        service.span(f"sell{n}", root, by=AI, ms=3, failed=True, raised=(KeyError("k"), AI))
        service.span(f"buy{n}", root, by=HUMAN, ms=3, failed=True, raised=(KeyError("k"), HUMAN))
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        service.send(store)
        yield store


def scatter(store, column: str) -> None:
    """Give every second span one of the edges of *column*."""
    edges = EDGES[column]
    cases = " ".join(f"WHEN {place} THEN {edge}" for place, edge in enumerate(edges))
    chosen = f"hash(SpanId || '{column[-5:]}') % {2 * len(edges)}"
    store.query(f"UPDATE otel_traces SET {column} = CASE {chosen} {cases} ELSE {column} END")


def render(report: Report, store) -> str:
    """Every form of *report*; JSON has no NaN and no Infinity."""
    document = json.dumps(report.to_json(), allow_nan=False)
    assert Report.from_json(json.loads(document)) == report
    terminal = io.StringIO()
    show_report(report, None, open_console(terminal))
    return "\n".join([*render_markdown(report), terminal.getvalue(), page(store)])


def page(store) -> str:
    """Every view of the page about *store*."""
    return render_page(
        read_copy(store, None, None, Code()), Code(), made=datetime(2026, 11, 22, tzinfo=UTC)
    )


@pytest.mark.parametrize("column", EDGES)
def test_values_at_the_edges_of_a_column_are_reported(store, column):
    """The report has every span, but those that began before all time."""
    spans = build_report(store).coverage.spans
    scatter(store, column)
    (hidden,) = store.query("SELECT count(*) FROM otel_traces WHERE Timestamp = '-infinity'")

    report = build_report(store)

    assert report.coverage.spans == spans - hidden[0]
    assert "\x1b" not in render(report, store)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Duration", "18446744073709551615"),
        ("Timestamp", LATEST),
        ("TraceState", "'ot=th:ffffffffffffff'"),
        ("ParentSpanId", "SpanId"),
    ],
)
def test_a_store_of_nothing_but_edges_is_reported(store, column, value):
    """Sums over many such values have no overflow."""
    store.query(f"UPDATE otel_traces SET {column} = {value}")

    report = build_report(store)

    assert report.arms[0].calls > 100
    assert render(report, store)


def test_all_edges_at_once_are_reported(store):
    """A span may have an edge in any of its columns."""
    for column in EDGES:
        scatter(store, column)

    assert "\x1b" not in render(build_report(store), store)


@pytest.mark.parametrize("share", [4, 1], ids=["some", "all"])
def test_columns_of_a_file_may_be_null(store, tmp_path, share):
    """A Parquet file that we didn't write has nulls wherever its types allow them."""
    path = tmp_path / "traces.parquet"
    needed = {"TraceId", "SpanId", "Timestamp"} if share == 1 else set()
    columns = ", ".join(
        f'"{name}"'
        if name in needed
        else f'CASE WHEN hash(SpanId || \'{name}\') % {share} > 0 THEN "{name}" END AS "{name}"'
        for name, *_ in store.query("DESCRIBE otel_traces")
    )
    store.query(f"COPY (SELECT {columns} FROM otel_traces) TO '{path}' (FORMAT parquet)")

    with sources.opened(str(path)) as source:
        report = build_report(source)

    assert report.coverage.spans > 100
    assert render(report, store)


def test_a_file_of_nothing_but_nulls_is_an_empty_report(tmp_path):
    """Without a trace, a span and a time there is no span."""
    path = tmp_path / "traces.parquet"
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        columns = ", ".join(
            f'NULL::{kind} AS "{name}"' for name, kind, *_ in store.query("DESCRIBE otel_traces")
        )
    duckdb.sql(f"COPY (SELECT {columns}) TO '{path}' (FORMAT parquet)")

    with sources.opened(str(path)) as source:
        assert build_report(source).coverage.spans == 0
