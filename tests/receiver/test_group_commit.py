"""Batches that arrive together are stored together, and fail alone."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

from aiprov_otel.receiver.group_commit import GroupCommit
from aiprov_otel.telemetry import schema
from aiprov_otel.telemetry.store_errors import RowError
from support.telemetry import AI, Service
from support.waiting import PATIENCE, until


def lines(name, **fields) -> bytes:
    service = Service()
    service.span(name, by=AI)
    return schema.lines(row._replace(**fields) for row in service.rows())


def test_one_that_can_not_be_stored_is_not_the_fault_of_the_others(store):
    """Of batches in one transaction only the broken one is refused."""
    commits = GroupCommit(store)
    batches = [lines("first"), lines("second"), lines("broken", duration=-1), lines("third")]
    with ThreadPoolExecutor(4) as pool:
        with store._lock:
            done = [pool.submit(commits.add, batch) for batch in batches]
            until(lambda: len(commits._gathered) == 3, "all but the first wait")
        problems = [one.exception(PATIENCE) for one in done]

    assert [problem is None for problem in problems] == [True, True, False, True]
    assert isinstance(problems[2], RowError)
    assert store.query("SELECT count(*) FROM otel_traces") == [(3,)]


def test_what_could_not_be_stored_is_not_kept(store):
    """While a disk is full, no error keeps the spans of its request until a collection."""
    commits = GroupCommit(store)
    gc.disable()
    try:
        try:
            commits.add(lines("broken", duration=-1))
        except RowError as problem:
            kept = weakref.ref(problem)
    finally:
        gc.enable()

    assert kept() is None
