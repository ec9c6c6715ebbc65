"""Exemplars of `aiprov.exceptions` lead to the span that failed."""

from __future__ import annotations

from support.application import run

CODE = """
import aiprov_otel
aiprov_otel.install()
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
metrics.set_meter_provider(MeterProvider([reader]))
@aiprov_otel.provenance
def ours():
    raise ValueError
def theirs():
    with trace.get_tracer("app").start_as_current_span("theirs"):
        raise LookupError
for fail in (ours, theirs):
    try:
        with trace.get_tracer("app").start_as_current_span("outer"):
            fail()
    except (ValueError, LookupError):  # what `fail` raises
        pass
names = {span.context.span_id: span.name for span in exporter.get_finished_spans()}
for metric in reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics:
    if metric.name == "aiprov.exceptions":
        for point in metric.data.data_points:
            print(point.attributes["error.type"], *(names[e.span_id] for e in point.exemplars))
"""


def test_an_exemplar_is_the_span_that_failed(application):
    """
    Neither its parent nor none: of spans of ours and of the application's own.
    """
    application.manifest()
    lines = run(CODE, application.folder).splitlines()

    assert sorted(lines) == ["LookupError theirs", "ValueError __main__.ours"]
