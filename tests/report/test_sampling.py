"""Spans that stand for others count as many, and chosen failures give no verdict."""

from __future__ import annotations

import json

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from aiprov_otel.report.excess import ExcessBreakdown
from aiprov_otel.report.report import build_report
from aiprov_otel.report.sampling import Sampled
from aiprov_otel.telemetry.otlp import POLICY
from aiprov_otel.telemetry.otlp_json import json_rows
from aiprov_otel.telemetry.otlp_protobuf import protobuf_rows
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, HUMAN, Service


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        yield store


def service() -> Service:
    """Functions that fail now and then, those of AI twice as often."""
    service = Service()
    for n in range(240):
        failed = n % 20 in ({1, 3} if n % 2 else {0})
        by = AI if n % 2 else HUMAN
        parent = service.span("GET /", failed=failed)
        service.span(f"total {n % 24}", parent, by=by, failed=failed)
    return service


def kept(store, state) -> None:
    """Store what the service sent, each span with the trace *state* of its sampler."""
    store.add([row._replace(trace_state=state) for row in list(protobuf_rows(service().request()))])


@pytest.mark.parametrize(
    ("state", "stands_for"),
    [
        ("", 1),
        ("ot=th:0", 1),
        ("ot=th:8", 2),
        ("ot=th:c", 4),
        ("vendor=1,ot=rv:6e6d1a75832a2f;th:e", 8),
        ("ot=th:e;rv:6e6d1a75832a2f, vendor=th:c", 8),
        ("ot=th:fd70a3d70a3d71", 100),
        ("vendor=th:c", 1),
        ("ot=th:", 1),
        ("ot=th:xyz", 1),
        ("ot=oth:c", 1),
    ],
)
def test_a_threshold_is_how_many_a_span_stands_for(store, state, stands_for):
    """As the W3C trace state says it: 2^56 over what the threshold leaves of it."""
    kept(store, state)

    report = build_report(store)

    assert report.coverage.stands_for == pytest.approx(stands_for)
    assert [arm.calls for arm in report.arms] == [120 * stands_for] * 2


def test_weights_change_counts_and_no_ratio(store, tmp_path):
    """One in four was kept: four times the calls and errors, the same ratios, the same limits."""
    kept(store, "ot=th:c")
    with Store.open(tmp_path / "all.duckdb") as other:
        kept(other, "")
        everything = build_report(other)

    report = build_report(store)

    for part, whole in zip(report.arms, everything.arms, strict=True):
        assert (part.calls, part.errors) == (4 * whole.calls, 4 * whole.errors)
        assert (part.error_ratio, part.low, part.high) == (whole.error_ratio, whole.low, whole.high)
    assert report.functions[0].errors == 4 * everything.functions[0].errors
    assert report.exceptions[0].count == 4 * everything.exceptions[0].count
    assert report.coverage.known_share == everything.coverage.known_share
    assert report.verdict.crude_ratio == everything.verdict.crude_ratio == pytest.approx(2)


def test_samplers_of_different_strength_are_made_equal(store):
    """One in four successes was kept, and every failure: 1 in 5 failed, not half."""
    service = Service()
    for n in range(40):
        service.span(f"total {n}", by=AI, failed=n % 2 == 0)
    rows = list(protobuf_rows(service.request()))
    store.add([row._replace(trace_state="ot=th:c") for row in rows if row.status_code == "Unset"])
    store.add([row for row in rows if row.status_code == "Error"])

    (arm,) = build_report(store).arms

    assert (arm.calls, arm.errors, arm.error_ratio) == (100, 20, 0.2)


def test_failures_that_were_kept_give_no_verdict(store):
    """A user who states it gets the reason instead of a ratio."""
    kept(store, "")

    report = build_report(store, sampled=Sampled.FAILURES)

    assert report.verdict.text.startswith("No verdict: failures were kept")
    assert (report.verdict.crude_ratio, report.verdict.adjusted_ratio) == (None, None)
    assert all(row.adjusted is None for row in report.comparisons)
    assert (report.before_after.ratio, report.latency, report.excess) == (
        None,
        (),
        ExcessBreakdown(),
    )
    assert report.exceptions


def test_the_policy_on_a_scope_is_recognized(store):
    """The Collector notes it there, in protobuf and in JSON."""
    service = Service()
    service.span("GET /")
    request = ExportTraceServiceRequest.FromString(service.request())
    noted = request.resource_spans[0].scope_spans[0].scope.attributes.add(key=POLICY)
    noted.value.string_value = "errors"
    as_json = {"traceId": "0a" * 16, "spanId": "0b" * 8, "name": "GET /"}
    scope = {"attributes": [{"key": POLICY, "value": {"stringValue": "errors"}}]}
    document = {"resourceSpans": [{"scopeSpans": [{"scope": scope, "spans": [as_json]}]}]}

    for rows in (
        list(protobuf_rows(request.SerializeToString())),
        list(json_rows(json.dumps(document).encode())),
    ):
        assert [row.span_attributes[POLICY] for row in rows] == ["errors"]
    store.add(list(protobuf_rows(request.SerializeToString())))
    assert build_report(store).verdict.text.startswith("No verdict: these traces were chosen")


def test_tail_sampling_is_recognized(store):
    """The Collector notes its policy on what it kept: no verdict, unless the user knows better."""
    kept(store, "")
    service = Service()
    service.span("GET /", **{"tailsampling.policy": "errors"})
    service.send(store)

    assert build_report(store).verdict.text.startswith("No verdict: these traces were chosen")
    assert build_report(store, sampled=Sampled.EVENLY).verdict.crude_ratio
