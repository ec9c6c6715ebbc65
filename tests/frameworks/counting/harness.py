"""Runs cases, each by itself, and prints the spans of all and the exceptions that each counted."""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.metrics import Counter as CounterInstrument
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import aiprov_otel

memory = InMemorySpanExporter()
reader = InMemoryMetricReader({CounterInstrument: AggregationTemporality.DELTA})


class Case(SpanProcessor):
    """Writes on each span which case it is of, and knows when all of them have ended."""

    name = ""

    def __init__(self) -> None:
        self._open = 0
        self._changed = threading.Condition()

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        """Name the case that runs now."""
        span.set_attribute("case", self.name)
        with self._changed:
            self._open += 1

    def on_end(self, span: Any) -> None:
        """One less is open."""
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def wait(self) -> None:
        """Return when no span is open; a server may still be at it when it has answered."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._open == 0, 60), self.name


case = Case()


def start() -> None:
    """Set the providers and install; before a framework is instrumented."""
    provider = TracerProvider(resource=Resource({"service.name": sys.argv[1]}))
    provider.add_span_processor(case)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))
    aiprov_otel.install()


def run(cases: Mapping[str, Callable[[], Any]]) -> None:
    """Run each of *cases*, whatever it raises, and print what they left."""
    counted = {}
    collected()
    for case.name, call in cases.items():
        try:
            call()
        except Exception as error:  # noqa: BLE001 (what a client of a failing server meets)
            print(case.name, repr(error), file=sys.stderr)
        case.wait()
        counted[case.name] = collected()
    spans = encode_spans(memory.get_finished_spans()).SerializeToString()
    print(json.dumps({"spans": base64.b64encode(spans).decode(), "exceptions": counted}))


def collected() -> Counter[str]:
    """How many exceptions were counted since the last time, by outcome."""
    data = reader.get_metrics_data()
    found: Counter[str] = Counter()
    for resource in data.resource_metrics if data else ():
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                if metric.name == "aiprov.exceptions":
                    for point in metric.data.data_points:
                        found[point.attributes["aiprov.error.outcome"]] += point.value
    return found
