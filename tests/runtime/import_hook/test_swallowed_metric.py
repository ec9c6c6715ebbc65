"""What the metric of exceptions says of those that were handled, in a process of its own."""

from __future__ import annotations

import json
import os

import pytest

from support.application import run

PROLOGUE = """
import json, os, sys
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
import aiprov_otel

readers = InMemoryMetricReader(), InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider(readers))
trace.set_tracer_provider(TracerProvider())

def report(reader=readers[0]):
    data = reader.get_metrics_data()
    found = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics
        if m.name == "aiprov.exceptions"] if data else []
    points = [[dict(p.attributes), p.value] for m in found for p in m.data.data_points]
    print(json.dumps(sorted(points, key=str)), flush=True)

hook = aiprov_otel.install_import_hook("shop", mode="metrics")
"""
SHOP = """\
def swallow(error=None):
    try:
        raise error or KeyError
    except Exception:  # the handler that is counted
        return 1

def fail():
    raise OSError  # human
"""
HANDLED = {
    "aiprov.exception.origin": "ai",
    "aiprov.exception.model.name": "claude-opus-4-6",
    "error.type": "KeyError",
    "aiprov.error.outcome": "handled",
    "aiprov.exception.handled": True,
}
FAILED = {
    "aiprov.exception.origin": "human",
    "error.type": "OSError",
    "aiprov.error.outcome": "escaped",
}


def reported(application, code):
    """What a process prints, line by line."""
    application.write("shop.py", SHOP)
    application.manifest()
    printed = run(PROLOGUE + "import shop\n" + code, application.folder)
    return [json.loads(line) for line in printed.splitlines()]


def test_the_metric_says_that_they_were_handled(application):
    """
    They are in one metric with those that were not handled; each reader gets each of them once.
    """
    found = reported(
        application,
        "shop.swallow(), shop.swallow()\n"
        "try:\n    with trace.get_tracer('x').start_as_current_span('s'): shop.fail()\n"
        "except OSError: pass\n"
        "report(), report(readers[1]), report()\nshop.swallow(), report(), report(readers[1])",
    )
    assert found == [[[HANDLED, number], [FAILED, 1]] for number in (2, 2, 2, 3, 3)]


def test_one_that_fails_after_all_is_counted_once(application):
    """
    It was handled, and then it was not.
    """
    found = reported(
        application,
        "error = OSError()\nshop.swallow(error), shop.swallow()\n"
        "with trace.get_tracer('x').start_span('s') as s: s.record_exception(error)\nreport()",
    )
    unhandled = {key: value for key, value in HANDLED.items() if not key.endswith("handled")}
    assert found == [[[HANDLED, 1], [{**unhandled, "error.type": "OSError"}, 1]]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_reports_its_own(application):
    """
    What the parent counted before the fork, the parent reports.
    """
    found = reported(
        application,
        "shop.swallow(), shop.swallow()\n"
        "if os.fork() == 0:\n    shop.swallow(), report(), os._exit(0)\nos.wait()\nreport()",
    )
    assert found == [[[HANDLED, 1]], [[HANDLED, 2]]]
