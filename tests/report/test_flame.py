"""Spans that are stacked by their callers."""

from __future__ import annotations

import pytest

from aiprov_otel.report.flame import flame, stack
from aiprov_otel.report.session import opened
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, HUMAN, Service


def span(number: int, parent: int | None, name: str, begin: int, end: int, origin="ai"):
    """A row of `stacked_spans.sql`, in milliseconds."""
    above = "" if parent is None else str(parent)
    times = (begin * 10**6, end * 10**6)
    return ("t", str(number), above, "shop", name, origin, None, None, None, *times)


def test_a_box_is_as_wide_as_the_self_time_in_it_and_above_it():
    """The time of a caller without what its children took; overlapping children count once."""
    graph = stack([
        span(1, None, "handle", 0, 100, "human"),
        span(2, 1, "quote", 10, 50),
        span(3, 1, "stock", 40, 60),
    ])  # fmt: skip

    boxes = {box.name: box for box in graph.frames}
    assert graph.ms == 110  # 50 of the handler, and of both children what each took
    assert (boxes["handle"].share, boxes["handle"].self_share) == (1, pytest.approx(50 / 110))
    assert boxes["quote"].share == pytest.approx(40 / 110)
    assert (boxes["quote"].begin, boxes["stock"].begin) == (0, pytest.approx(40 / 110))
    assert dict(graph.by_origin) == {
        "ai": pytest.approx(60 / 110),
        "human": pytest.approx(50 / 110),
    }


def test_calls_on_the_same_way_are_one_box():
    """By name, origin and model; the largest box of a level comes first."""
    graph = stack([
        span(1, None, "handle", 0, 10),
        span(2, 1, "quote", 0, 2),
        span(3, 1, "quote", 2, 4),
        span(4, 1, "quote", 4, 9, "human"),
    ])  # fmt: skip

    assert [(box.id, box.name, box.origin, box.calls) for box in graph.frames] == [
        ("0", "handle", "ai", 1),
        ("0.0", "quote", "human", 1),
        ("0.1", "quote", "ai", 2),
    ]
    assert graph.depth == 2


@pytest.mark.parametrize(
    "rows", [[], [span(1, 1, "its own parent", 0, 1)], [span(1, 9, "x", 5, 0)]]
)
def test_spans_that_make_no_tree_are_stacked_all_the_same(rows):
    """No span, one that is its own parent, one that ended before it began."""
    assert stack(rows).spans == len(rows)


def test_a_circle_of_parents_ends():
    """Spans that are each other's parents have no root, and are left out."""
    assert stack([span(1, 2, "a", 0, 1), span(2, 1, "b", 0, 1)]).frames == ()


def test_it_reads_the_spans_of_a_store(tmp_path):
    """Functions by their name, other spans by theirs, with the origin of each."""
    service = Service()
    root = service.span("GET /", ms=10)
    service.span("total", root, by=AI, at=1, ms=4)
    service.span("stock", root, by=HUMAN, at=5, ms=1)
    with Store.open(tmp_path / "s.duckdb") as store:
        service.send(store)
        with opened(store) as session:
            graph = flame(session)

    assert [(box.name, box.origin, round(box.ms)) for box in graph.frames] == [
        ("GET /", None, 10),
        ("shop.total", "ai", 4),
        ("shop.stock", "human", 1),
    ]
