"""ClickHouse says what DuckDB says, of the same spans, in its own words."""

from __future__ import annotations

import dataclasses
import math
import random
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from aiprov_otel.errors import StoreError, UsageError
from aiprov_otel.report import facts, session
from aiprov_otel.report.code import Code
from aiprov_otel.report.page import Place, read_copy, read_page
from aiprov_otel.report.report import build_report
from aiprov_otel.telemetry import sources
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, EPOCH, HUMAN, Service, Unit

pytest.importorskip("chdb", reason="there is no ClickHouse to ask: pip install chdb")
from support.clickhouse import clickhouse


@pytest.fixture(scope="module")
def server():
    with clickhouse() as server:
        yield server


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        yield store


def from_(address, since=0):
    with sources.opened(address) as source:
        return build_report(source, since=since)


def shop(**options) -> Service:
    """Routes that share functions, failures of every kind, calls within calls."""
    service = Service(**options)
    for n in range(120):
        route = service.span(
            f"GET /{n % 3}", kind=service_kind(), unit=Unit.HANDLER, by=HUMAN, ms=30, at=n * 40,
            failed=n % 6 == 0, function="handle",
        )  # fmt: skip
        raised = (KeyError("k"), AI) if n % 6 == 0 else None
        total = service.span(
            "total", route, by=AI, at=n * 40 + 1, ms=9 + n % 7, failed=bool(raised), raised=raised
        )
        service.span("SELECT", total, at=n * 40 + 2, ms=3)
        swallowed = (ValueError("v"), HUMAN) if n % 5 == 0 else None
        service.span("stock", route, by=HUMAN, at=n * 40 + 12, ms=4 + n % 3, raised=swallowed)
        service.span("quote", route, by=HUMAN, at=n * 40 + 17, ms=2, failed=n % 10 == 0)
    return service


def service_kind():
    from opentelemetry.trace import SpanKind

    return SpanKind.SERVER


def same(one, other) -> bool:
    """Whether two reports say the same: numbers may differ in their last digit."""
    if dataclasses.is_dataclass(one):
        one, other = dataclasses.asdict(one), dataclasses.asdict(other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-9)
    return one == other


def test_the_same_spans_give_the_same_report(server, store, tmp_path):
    """Every number of the report is computed in ClickHouse, and is that of DuckDB."""
    rows = shop().rows()
    states = ("", "vendor=1,ot=rv:6e6d1a75832a2f;th:c8", "ot=th:fd70a3d70a3d71")
    chance = random.Random(1)
    states_of = {row.trace_id: chance.choice(states) for row in rows}
    store.add([row._replace(trace_state=states_of[row.trace_id]) for row in rows])
    server.load(store, tmp_path)

    ours, theirs = build_report(store), from_(server.address)

    assert ours.coverage.spans == 600
    assert ours.failure
    assert 20 < ours.coverage.stands_for < 50
    for field in dataclasses.fields(ours):
        assert same(getattr(ours, field.name), getattr(theirs, field.name)), field.name
    assert server.tables() == []


def test_the_same_spans_give_the_same_page(server, store, tmp_path):
    """Every view, also that of an error which is new since the deployed commit."""
    old, new = shop(revision="a" * 40), Service(revision="b" * 40)
    for error, by in ((KeyError("k"), AI), (OSError("full"), HUMAN)):
        new.span("total", at=6_000, by=by, ms=2, failed=True, raised=(error, by))
    store.add(old.rows() + new.rows())
    server.load(store, tmp_path)

    ours = read_copy(store, None, None, Code())
    with sources.opened(server.address) as source:
        theirs = read_copy(source, None, None, Code())

    views = [view.name for view in ours.views]
    assert set(views) == {"errors", "group", "source", "file", "time", "comparison"}
    assert {group.is_new for group in ours.views[0].value} == {True, False}
    assert [view.name for view in theirs.views] == views
    assert same(ours.facts, theirs.facts)
    for one, other in zip(ours.views, theirs.views, strict=True):
        assert same(one, other), one.name


def test_a_page_is_about_the_latest_spans_of_both(server, store, tmp_path, monkeypatch):
    """Where there are too many, the oldest are left out, and no others."""
    monkeypatch.setattr(facts, "MOST_SPANS", 200)
    store.add(shop().rows())
    server.load(store, tmp_path)

    ours = read_page(store, Place(), Code())
    with sources.opened(server.address) as source:
        theirs = read_page(source, Place(), Code())

    assert 200 <= ours.facts.spans < 210
    assert ours.facts.window.is_cut
    assert same(ours.facts, theirs.facts)
    assert same(ours.views, theirs.views)


def test_what_is_older_is_left_out_by_both(server, store, tmp_path):
    """The second half of the spans gives the same report, of half as many."""
    store.add(shop().rows())
    server.load(store, tmp_path)
    half = EPOCH + 60 * 40 * 10**6

    ours, theirs = build_report(store, since=half), from_(server.address, since=half)

    assert ours.coverage.spans == 300
    assert same(ours, theirs)


def test_an_empty_table_gives_an_empty_report(server, store, tmp_path):
    """Nothing is there, and nothing fails."""
    server.load(store, tmp_path)

    assert same(from_(server.address), build_report(store))


def test_a_password_comes_from_the_environment(server, monkeypatch):
    """The variables of ClickHouse's own client are read; a wrong user is told which they are."""
    address = f"clickhouse://{server.host}/otel"
    with pytest.raises(StoreError, match="set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD"):
        from_(address)
    monkeypatch.setenv("CLICKHOUSE_USER", "reader")
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", "a secret")

    assert from_(address).coverage.spans == 0


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ("other", "the database other of .* has no table otel_traces: name the database"),
        ("nowhere", "name the one that the Collector writes"),
        ("", "the database default of .* has no table otel_traces"),
    ],
)
def test_a_missing_table_is_named(server, database, said):
    """One line says which database was asked and which to name."""
    with pytest.raises(StoreError, match=said) as error:
        from_(f"{server.address.removesuffix('otel')}{database}")
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_a_table_of_another_kind_is_named(server):
    """A table without the exporter's columns says which is missing."""
    server.query("CREATE TABLE otel_traces (a Int8) ENGINE = Memory", {
        "database": "other", "default_format": "TSV",
    })  # fmt: skip
    try:
        with pytest.raises(StoreError, match="has no column Timestamp"):
            from_(f"{server.address.removesuffix('otel')}other")
    finally:
        server.query("DROP TABLE otel_traces", {"database": "other", "default_format": "TSV"})


@pytest.mark.parametrize(
    "address", ["clickhouse://", "clickhouse://host:port/", "clickhouse://host/a/b"]
)
def test_what_is_no_address_is_refused(address):
    """The line shows what one looks like."""
    with pytest.raises(UsageError, match="clickhouse://host:8123/database"):
        from_(address)


def test_where_nothing_answers_it_says_so():
    """A port on which nobody listens, and one on which somebody else does."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(StoreError, match=f"nothing answers at clickhouse://127.0.0.1:{port}"):
        from_(f"clickhouse://127.0.0.1:{port}/otel")

    class Other(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(200)
            self.send_header("Content-Length", "6")
            self.end_headers()
            self.wfile.write(b"<html>")

        def do_GET(self):
            self.do_POST()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        port = other.server_address[1]
        threading.Thread(target=other.serve_forever, args=(0.05,), daemon=True).start()
        with pytest.raises(StoreError, match="something else"):
            from_(f"clickhouse://127.0.0.1:{port}/otel")
        other.shutdown()


def test_a_missing_extra_is_one_line(monkeypatch):
    """The line has the command that installs it."""
    monkeypatch.setitem(sys.modules, "clickhouse_connect", None)

    with pytest.raises(UsageError, match=r"pip install 'aiprov-otel\[clickhouse\]'"):
        from_("clickhouse://127.0.0.1:1/otel")


def test_a_run_that_comes_meanwhile_is_told_apart(server, store, tmp_path):
    """ClickHouse has no snapshots: each statement selects by the run, also where all have it."""

    def add(run):
        service = Service(run=run)
        service.span("total", by=AI)
        store.add(service.rows())
        server.load(store, tmp_path)
        (tmp_path / "for-clickhouse.parquet").unlink()

    add("0a")
    with sources.opened(server.address) as source, session.opened(source, run="0a") as one:
        one.create(["spans"])
        add("0b")
        assert one.reader.query("SELECT count(*) FROM spans") == [(1,)]
