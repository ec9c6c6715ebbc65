"""Errors by the line that raised them: which are new, and when they came."""

from __future__ import annotations

from dataclasses import replace

import pytest
from opentelemetry.trace import SpanKind

from aiprov_otel.report.error_groups import error_groups, latest_failure
from aiprov_otel.report.session import opened
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, HUMAN, Service

OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture
def groups(tmp_path):
    """The groups of the spans of some services."""

    def groups(*services: Service):
        with Store.open(tmp_path / "s.duckdb") as store:
            for service in services:
                service.send(store)
            with opened(store) as session:
                return error_groups(session)

    return groups


def fail(service: Service, message: str, *, by=AI, at: float = 0, failed: bool = True) -> None:
    """A request that a line fails, *at* so many milliseconds."""
    error = KeyError(message)
    service.span("total", by=by, at=at, ms=1, failed=failed, raised=(error, by))


def test_a_line_is_a_group_with_what_is_known_of_it(groups):
    """Its latest message, the number of errors, when they came, and how many in each part."""
    service = Service()
    for at in (0, 0, 60_000):
        fail(service, f"price {at}", at=at)

    [group] = groups(service)

    assert (group.service, group.type, group.message) == ("shop", "KeyError", "'price 60000'")
    assert (group.path, group.line, group.count) == ("src/shop/cart.py", 7, 3)
    assert (group.origin, group.agent, group.model) == ("ai", "claude-code", "claude-opus-4-6")
    assert (group.first[11:19], group.latest[11:19]) == ("14:13:20", "14:14:20")
    assert (group.trend[0], group.trend[-1], sum(group.trend)) == (2, 1, 3)


def test_what_became_of_errors_tells_groups_apart(groups):
    """Those that escaped come before those that were handled."""
    service = Service()
    fail(service, "handled", failed=False)
    fail(service, "handled", failed=False)
    fail(service, "escaped")

    assert [(one.outcome, one.count) for one in groups(service)] == [("escaped", 1), ("handled", 2)]


def test_a_group_names_the_requests_that_it_came_in(groups):
    """Those with most errors first, and five at most; of other work there is none."""
    service = Service()
    for at, name in enumerate("abbcdefg"):
        root = service.span(f"GET /{name}", at=at, ms=90, failed=True, kind=SpanKind.SERVER)
        error = KeyError("k")
        service.span("total", root, by=AI, at=at, failed=True, raised=(error, AI))
    service.span("job", at=99, by=HUMAN, failed=True, raised=(OSError("full"), HUMAN))

    request, job = groups(service)

    assert request.routes == ("GET /b", "GET /a", "GET /c", "GET /d", "GET /e")
    assert job.routes == ()


def test_without_an_earlier_deployment_nothing_is_new(groups):
    """One commit is no reason to call an error new."""
    service = Service(revision=NEW)
    fail(service, "x")

    assert [one.is_new for one in groups(service)] == [None]


def test_a_line_that_never_raised_before_the_deployed_commit_is_new(groups):
    """One that raised before is not, also if the commit that wrote it moved it elsewhere."""
    old, new = Service(revision=OLD), Service(revision=NEW)
    fail(old, "known", at=0)
    fail(new, "known", at=1_000)
    fail(new, "first", by=replace(AI, commit="c" * 40), at=1_001)
    fail(new, "human", by=HUMAN, at=1_002)

    found = {one.message: one.is_new for one in groups(old, new)}

    assert found == {"'known'": False, "'first'": True, "'human'": True}


def test_a_run_knows_the_errors_of_the_runs_before_it(tmp_path):
    """A report on one run compares with all that was deployed before."""
    with Store.open(tmp_path / "s.duckdb") as store:
        for run, revision, at in (("aa", OLD, 0), ("bb", NEW, 1_000)):
            service = Service(run=run, revision=revision)
            fail(service, "known", at=at)
            service.send(store)
        with opened(store, run="bb") as session:
            assert [(one.count, one.is_new) for one in error_groups(session)] == [(1, False)]


def test_the_latest_failure_of_a_group_is_its_own(tmp_path):
    """Of two lines that fail with the same type, each has its own trace."""
    service = Service()
    fail(service, "a")
    fail(service, "b", by=HUMAN)
    with Store.open(tmp_path / "s.duckdb") as store:
        service.send(store)
        with opened(store) as session:
            first, second = error_groups(session)
            traces = [latest_failure(session, one) for one in (first, second)]

    assert [trace.origin for trace in traces] == [first.origin, second.origin]
    assert traces[0].trace_id != traces[1].trace_id
    assert [step.begin_ms for step in traces[0].steps] == [0]


def test_a_message_without_an_end_is_cut(groups):
    """A page holds hundreds of them."""
    service = Service()
    fail(service, "é" * 10_000)

    assert len(groups(service)[0].message) == 500
