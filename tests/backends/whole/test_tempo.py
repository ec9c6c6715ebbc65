"""Tempo accepts what is shipped, counts spans as the dashboards want, and answers every TraceQL."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from aiprov_otel.demo import customers, load
from aiprov_otel.demo.layout import lay_out
from support import tempo
from support.expressions import expressions
from support.pipeline import pipeline, why_not
from support.prometheus import ask
from support.servers import prometheus
from support.shop import deployed

if reason := tempo.why_not() or why_not():
    pytest.skip(reason, allow_module_level=True)

TRACEQL = sorted({one.text for one in expressions() if one.language == "TraceQL"})
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
        rows = found.sent.rows
        for _ in range(90):
            time.sleep(0.5)
            if sum(counted(metrics, "service").values()) == len(rows):
                break
        yield rows, address, metrics


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
    What an alert says to type into Tempo names each commit that failed spans, and how many.
    """
    rows, address, _ = served
    counts = 'span.aiprov.error.origin = "ai" } | count_over_time()'
    (query,) = [one for one in TRACEQL if counts in one]
    sent = Counter(
        row.span_attributes["aiprov.error.commit.id"]
        for row in rows
        if row.span_attributes.get("aiprov.error.origin") == "ai"
    )

    found = tempo.ask(address, query)

    assert sent == {
        series["labels"][0]["value"]["stringValue"]: sum(
            sample.get("value", 0) for sample in series["samples"]
        )
        for series in found
    }
