"""Logfire wraps the SDK's provider, its tracers and their spans."""

from __future__ import annotations

import json

from support.application import run

PROGRAM = """\
import json
import logfire
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import aiprov_otel

memory = InMemorySpanExporter()
logfire.configure(
    send_to_logfire=False,
    console=False,
    metrics=False,
    additional_span_processors=[SimpleSpanProcessor(memory)],
)
aiprov_otel.install()

@aiprov_otel.provenance(origin="ai")
def price(n):
    return 1 / n

with trace.get_tracer("app").start_as_current_span("checkout"):
    try:
        price(0)
    except ZeroDivisionError:
        pass

print(json.dumps({
    span.name: [span.attributes, [event.attributes for event in span.events]]
    for span in memory.get_finished_spans()
}, default=dict))
"""


def test_a_call_under_logfire_has_its_origin_and_its_error(tmp_path):
    """And Logfire learns of the error: it sets the level of the span."""
    spans = json.loads(run(PROGRAM, tmp_path))

    attributes, (event,) = spans["__main__.price"]
    assert attributes["aiprov.origin"] == "ai"
    assert attributes["error.type"] == "ZeroDivisionError"
    assert attributes["logfire.level_num"] == 17
    assert event["exception.type"] == "ZeroDivisionError"
    assert spans["checkout"][0]["aiprov.error.outcome"] == "handled"
