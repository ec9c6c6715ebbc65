"""Tempo accepts what is shipped, counts spans as the dashboards want, and answers every TraceQL."""

from __future__ import annotations

from collections import Counter

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from aiprov_otel.demo import customers, load
from aiprov_otel.demo.shop import lay_out
from support import tempo
from support.expressions import expressions
from support.pipeline import pipeline, why_not
from support.prometheus import ask
from support.servers import prometheus
from support.shop import deployed
from support.waiting import until

if reason := tempo.why_not() or why_not():
    pytest.skip(reason, allow_module_level=True)

TRACEQL = sorted({one.text for one in expressions() if one.language == "TraceQL"})
RETURNED = "5" * 40
CALLS = "traces_spanmetrics_calls_total"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """All spans of the shop, the addresses of the Tempo that has them, and of its Prometheus."""
    folder = tmp_path_factory.mktemp("tempo")
    with prometheus(folder) as metrics, tempo.tempo(folder, metrics) as (taking, address):
        with (
            pipeline(folder, into=metrics, also={"traces/all": taking}) as found,
            deployed(lay_out(folder / "shop"), found.endpoint) as shop,
        ):
            load.drive(shop, customers.plan(300))
            return_500(found.endpoint)
        rows = found.sent.rows
        until(lambda: counted(metrics) == {(): len(rows)}, "all spans are counted")
        traces = len({row.trace_id for row in rows})
        until(lambda: len(tempo.ask(address, "{ }")) == traces, "all traces are found")
        yield rows, address, metrics


def return_500(endpoint):
    """A request that an AI-written handler answers with a 500, raising nothing."""
    spans = TracerProvider(resource=Resource({"service.name": "shop"}))
    spans.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces")))
    said = {"aiprov.origin": "ai", "aiprov.commit.id": RETURNED, "aiprov.unit": "handler"}
    handler = spans.get_tracer("shop").start_span(
        "GET /returned", kind=SpanKind.SERVER, attributes=said
    )
    handler.set_status(StatusCode.ERROR)
    handler.end()
    spans.shutdown()


def counted(metrics, *labels):
    """What Tempo's generator has counted, by *labels*; without one it is empty."""
    said = ask(metrics, "query", query=f"sum by ({','.join(labels)}) ({CALLS})")["result"]
    return {
        tuple(one["metric"].get(label, "") for label in labels): float(one["value"][1])
        for one in said
    }


def test_the_generator_counts_the_spans_that_were_sent(served):
    """
    Under the names that the dashboards ask for: service, kind, status, origin, model, who raised.
    """
    rows, _, metrics = served
    keys = ("aiprov.origin", "aiprov.model.name", "aiprov.error.origin")
    sent = Counter(
        (
            row.service_name,
            f"SPAN_KIND_{row.span_kind.upper()}",
            f"STATUS_CODE_{row.status_code.upper()}",
            *(row.span_attributes.get(key, "") for key in keys),
        )
        for row in rows
    )
    labels = [key.replace(".", "_") for key in keys]

    assert counted(metrics, "service", "span_kind", "status_code", *labels) == sent


@pytest.mark.parametrize("query", TRACEQL)
def test_a_query_is_answered(served, query):
    """
    Every TraceQL of a dashboard, an alert and the documentation finds traces or counts them.
    """
    _, address, _ = served

    assert tempo.ask(address, query)


def test_a_count_by_commit_is_that_of_the_spans(served):
    """
    What an alert says to type into Tempo names each commit that failed spans, and how many: of the
    line that raised and of the handler, which is alone where nothing was raised.
    """
    rows, address, _ = served
    keys = ("aiprov.error.commit.id", "aiprov.commit.id")
    (query,) = [one for one in TRACEQL if f"by (span.{keys[0]}, span.{keys[1]})" in one]
    said = [row.span_attributes for row in rows if row.status_code == "Error"]
    sent = Counter(
        tuple(one.get(key, "") for key in keys)
        for one in said
        if one.get("aiprov.error.origin", one.get("aiprov.origin")) == "ai"
    )

    found = Counter()
    for series in tempo.ask(address, query):
        commits = {one["key"]: one["value"]["stringValue"] for one in series["labels"]}
        group = tuple(commits.get(f"span.{key}", "") for key in keys)
        found[group] += sum(sample.get("value", 0) for sample in series["samples"])

    assert found == sent
    assert sent["", RETURNED] == 1


def test_a_series_leads_to_requests_that_returned_an_error(served):
    """
    What is behind the burn by origin finds those that raised nothing too.
    """
    _, address, _ = served
    (query,) = [one for one in TRACEQL if "!= nil) &&" in one and "|" not in one.replace("||", "")]

    found = {trace["rootTraceName"] for trace in tempo.ask(address, query)}

    assert "GET /returned" in found
    assert len(found) > 1
