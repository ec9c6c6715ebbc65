"""The shop, through a real Collector with the shipped configuration, into a real Prometheus."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial

import pytest
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import StatusCode

from aiprov_otel.demo import customers, load
from aiprov_otel.demo.shop import lay_out
from support.pipeline import CLICKHOUSE, COLLECTOR, alone, pipeline, validate, why_not
from support.prometheus import ask
from support.shop import deployed
from support.telemetry import AI, Service
from support.waiting import until

if reason := why_not():
    pytest.skip(reason, allow_module_level=True)

LOGGED = {"ai": 3, "human": 2, "": 1}
"""Errors that are logged, by the origin of the line that logs."""

OURS = (
    "aiprov_function_calls_total",
    "aiprov_function_self_time_seconds_total",
    "aiprov_code_lines",
    "aiprov_exceptions_total",
)
PROCESSES = [
    {"service.name": service, "vcs.ref.head.revision": revision, **said}
    for revision in ("old", "new")
    for service, said in (("nameless", {}), ("named", {"service.instance.id": revision}))
]
"""Before and after a deployment, of a service whose processes have no ids, and of one with."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The pipeline, after the shop has answered its customers and all has arrived."""
    folder = tmp_path_factory.mktemp("served")
    with pipeline(folder) as found:
        with deployed(lay_out(folder / "shop"), found.endpoint) as address:
            load.drive(address, customers.plan(300))
        log_errors(found.endpoint)
        for process in PROCESSES:
            serve(found.endpoint, process, 30)
        arrive(found)
        yield found


def arrive(found):
    """Wait for each of what the tests ask for."""
    until(lambda: len(found.sent.rows) == found.accepted(), "all spans")
    rows = found.sent.rows
    sent = {
        "traces_span_metrics_calls_total": len(rows),
        "exceptions_total": sum(row.event_names.count("exception") for row in rows),
        "log_errors_total": sum(LOGGED.values()),
    }
    for name, number in sent.items():
        until(partial(is_counted, found, name, number), f"{name} of {number}")
    for name in OURS:
        until(partial(counted, found, name), name)
    asked = "SELECT count() FROM otel.otel_traces"
    until(lambda: int(found.clickhouse.ask(asked, "TSV")) == len(rows), "spans in ClickHouse")
    until(lambda: whole(found.kept, rows) == whole(found.sent, rows), "traces that failed are kept")


def is_counted(found, name, number):
    """Whether Prometheus has that *number*."""
    return counted(found, name) == {(): number}


def whole(spans, rows):
    """How many of *spans* each trace has in which one of *rows* failed."""
    failures = {row.trace_id for row in rows if row.status_code == "Error"}
    return Counter(row.trace_id for row in spans.rows if row.trace_id in failures)


def log_errors(endpoint):
    """Send what LOGGED says."""
    provider = LoggerProvider(Resource({"service.name": "shop"}), shutdown_on_exit=False)
    exporter = OTLPLogExporter(f"{endpoint}/v1/logs")
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    for origin, times in LOGGED.items():
        for severity in [SeverityNumber.INFO, *[SeverityNumber.ERROR] * times]:
            said = {"aiprov.origin": origin} if origin else {}
            provider.get_logger("shop").emit(severity_number=severity, body="x", attributes=said)
    provider.shutdown()


def serve(endpoint, process, requests):
    """Send as many spans of a *process*, each with an exception."""
    provider = TracerProvider(resource=Resource(process), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces")))
    for _ in range(requests):
        with provider.get_tracer("shop").start_as_current_span("serve") as span:
            span.record_exception(KeyError("x"))
            span.set_status(StatusCode.ERROR)
    provider.shutdown()


def counted(found, query, *labels):
    """What Prometheus has of *query*, by *labels*; without one it is empty."""
    said = ask(found.prometheus, "query", query=f"sum by ({','.join(labels)}) ({query})")["result"]
    return {
        tuple(one["metric"].get(label, "") for label in labels): float(one["value"][1])
        for one in said
    }


def failed(spans):
    """The traces in which something failed."""
    return {row.trace_id for row in spans.rows if row.status_code == "Error"}


def attribute(row, key):
    """An attribute of a span; without it, empty."""
    return row.span_attributes.get(key, "")


@pytest.mark.parametrize("names", [(COLLECTOR,), (COLLECTOR, CLICKHOUSE)])
def test_the_collector_accepts_the_configuration(tmp_path, names):
    """
    Its own validator finds nothing wrong with the files as they are shipped.
    """
    told = validate(tmp_path, *names)

    assert told.returncode == 0, told.stderr


def test_the_collector_starts_without_clickhouse(tmp_path):
    """
    Without the second file it takes telemetry whatever of what it sends to is there.
    """
    with alone(tmp_path) as endpoint:
        service = Service()
        service.span("total", by=AI)
        exporter = OTLPSpanExporter(f"{endpoint}/v1/traces")
        answer = exporter.export(service.memory.get_finished_spans())
        exporter.shutdown()

    assert answer is SpanExportResult.SUCCESS


def test_calls_are_the_spans_that_were_sent(served):
    """
    Each span counts once, under its kind, status, origin, model and who raised what failed it.
    """
    sent = Counter(
        (
            f"SPAN_KIND_{row.span_kind.upper()}",
            f"STATUS_CODE_{row.status_code.upper()}",
            attribute(row, "aiprov.origin"),
            attribute(row, "aiprov.model.name"),
            attribute(row, "aiprov.error.origin"),
        )
        for row in served.sent.rows
    )
    labels = ("span_kind", "status_code", "aiprov_origin", "aiprov_model_name")

    found = counted(served, "traces_span_metrics_calls_total", *labels, "aiprov_error_origin")

    assert found == sent
    assert {origin for _, status, _, _, origin in found if "ERROR" in status} >= {"ai", "human"}


def test_a_deployment_loses_no_request(served):
    """
    Spans and exceptions of two revisions add up, whether or not their processes have ids.
    """
    both = {("nameless",): 60, ("named",): 60}

    for name in ("traces_span_metrics_calls_total", "exceptions_total"):
        assert counted(served, f'{name}{{service_name=~"name.*"}}', "service_name") == both


def test_a_deployment_is_seen_where_processes_have_ids(served):
    """
    Prometheus has both revisions of them, which is what dashboards mark.
    """
    seen = counted(served, 'target_info{job="named"}', "vcs_ref_head_revision")

    assert seen.keys() == {("old",), ("new",)}


def test_durations_are_those_of_the_spans(served):
    """
    The histogram has every span, and their seconds add up to what was sent.
    """
    seconds = Counter()
    for row in served.sent.rows:
        seconds[attribute(row, "aiprov.origin"),] += row.duration / 1e9

    found = counted(served, "traces_span_metrics_duration_seconds_sum", "aiprov_origin")

    assert found == pytest.approx(dict(seconds))


def test_exceptions_count_for_who_raised_them(served):
    """
    Each exception event counts under its own type, origin and model, and not under its span's.
    """
    sent = Counter(
        (
            said["exception.type"],
            said.get("aiprov.exception.origin", ""),
            said.get("aiprov.exception.model.name", ""),
        )
        for row in served.sent.rows
        for name, said in zip(row.event_names, row.event_attributes, strict=True)
        if name == "exception"
    )
    labels = ("exception_type", "aiprov_exception_origin", "aiprov_exception_model_name")

    assert counted(served, "exceptions_total", *labels) == sent
    assert {origin for _, origin, _ in sent} >= {"ai", "human"}


def test_errors_in_logs_count_for_the_line_that_logged(served):
    """
    Only errors count, and those of lines that nobody knows are of unknown origin.
    """
    found = counted(served, "log_errors_total", "aiprov_origin")

    assert found == {(origin or "unknown",): times for origin, times in LOGGED.items()}


def test_our_own_metrics_arrive_under_the_names_that_are_asked_for(served):
    """
    Over OTLP, Prometheus calls counters and labels of functions what the rules call them.
    """
    labels = ("job", "aiprov_origin")

    calls = counted(served, "aiprov_function_calls_total", *labels)
    seconds = counted(served, "aiprov_function_self_time_seconds_total", *labels)
    lines = counted(served, "aiprov_code_lines", *labels)
    raised = counted(served, 'aiprov_exceptions_total{error_type!=""}', "aiprov_exception_origin")

    assert calls.keys() == seconds.keys()
    assert {("shop", origin) for origin in ("ai", "human", "mixed")} <= calls.keys()
    assert lines.keys() == {
        (job, origin) for job in ("shop", "carrier") for origin in ("ai", "human", "unknown")
    }
    assert {("ai",), ("human",)} <= raised.keys()


def test_clickhouse_has_every_span(served):
    """
    In the tables that the exporter makes, with ids, attributes and exceptions as they were sent.
    """
    sent = {
        (row.span_id, attribute(row, "aiprov.commit.id"), row.duration, len(row.event_names))
        for row in served.sent.rows
    }
    asked = (
        "SELECT SpanId, SpanAttributes['aiprov.commit.id'], Duration, length(Events.Name)"
        " FROM otel.otel_traces"
    )

    stored = served.clickhouse.ask(asked, "JSONCompactEachRow").decode().splitlines()

    assert sorted(map(tuple, map(json.loads, stored))) == sorted(sent)


def test_sampling_keeps_every_failure_and_a_tenth_of_the_rest(served):
    """
    Whatever the origin of what failed, its trace is kept whole; of others, about a tenth is.
    """
    sent, kept = (Counter(row.trace_id for row in each.rows) for each in (served.sent, served.kept))
    failures = failed(served.sent)
    origins = {
        attribute(row, "aiprov.error.origin")
        for row in served.sent.rows
        if row.trace_id in failures
    }

    assert origins >= {"ai", "human"}
    assert all(kept[trace] == sent[trace] for trace in failures)
    rest = sent.keys() - failures
    assert 0.02 < len(kept.keys() - failures) / len(rest) < 0.25
