"""A store keeps what is young enough, and no more than it may."""

from __future__ import annotations

import secrets

import pytest

from aiprov_otel.telemetry.retention import Retention
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, EPOCH, Service

DAY = 86_400 * 10**9


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        yield store


def test_what_is_too_old_goes_as_whole_traces(store):
    """A trace goes when all of it is too old, and not a part of it before."""
    service = Service()
    service.span("old", by=AI)
    parent = service.span("began", by=AI)
    service.span("goes on", parent, by=AI, at=86_400_000)
    service.send(store)

    assert Retention(days=1).prune(store, EPOCH + DAY) == 0
    assert Retention(days=1).prune(store, EPOCH + DAY + 1) == 1
    assert store.query("SELECT SpanName FROM otel_traces ORDER BY Timestamp") == [
        ("began",),
        ("goes on",),
    ]


def test_the_oldest_go_when_there_is_too_much(store):
    """What is left is the newest, less than is allowed, and fills the room that became free."""
    service = Service()
    service.span("total", by=AI, text="x" * 500)
    (row,) = service.rows()
    limit = Retention(days=10**4, gib=4 / 1024)
    sizes = []
    for part in range(6):
        store.add([other(row, part) for _ in range(5000)])
        limit.prune(store, EPOCH)
        sizes.append(store.path.stat().st_size)

    ((left, oldest),) = store.query(
        "SELECT count(*), epoch_ns(min(Timestamp)) - epoch_ns(max(Timestamp)) FROM otel_traces"
    )
    assert 0 < left < 30_000
    assert oldest > -5 * DAY
    assert max(sizes) < 3 * 4 * 2**20


def other(row, day):
    """A trace like that of *row*, on another day, with a text that no other has."""
    return row._replace(
        trace_id=secrets.token_hex(16),
        timestamp=EPOCH + day * DAY,
        span_attributes={"text": secrets.token_hex(250)},
    )
