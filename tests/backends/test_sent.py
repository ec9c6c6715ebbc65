"""What the files ask Prometheus for is what a service sends."""

from __future__ import annotations

import json
import re

from aiprov_otel.backends import texts
from support.application import Application, run

SHOP = """\
import aiprov_otel

@aiprov_otel.provenance
def quote(item):
    return check(item)

def check(item):
    raise KeyError(item)

def asked(item):
    try:
        return check(item)
    except KeyError:
        return None
"""
SERVICE = """
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
import aiprov_otel

reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader]))
aiprov_otel.install_import_hook("shop", mode="metrics")
import shop

shop.asked(1)
try:
    shop.quote(1)
except KeyError:
    print(reader.get_metrics_data().to_json())
"""
OVER_OURS = (
    "grafana/aiprov-exceptions.json",
    "grafana/aiprov-functions.json",
    "prometheus/aiprov-functions.rules.yml",
)


def in_prometheus(metric: dict) -> str:
    """Its name by OpenTelemetry's rules: underscores, the unit unless an annotation, the kind."""
    unit = {"s": "_seconds"}.get(metric["unit"], "")
    kind = "_total" if metric["data"]["is_monotonic"] else ""
    return f"{metric['name'].replace('.', '_')}{unit}{kind}"


def test_our_metrics_have_these_names_in_prometheus(tmp_path):
    """
    Every metric and label of ours in a query is one that a service sends.
    """
    application = Application(tmp_path)
    application.write("shop.py", SHOP)
    application.manifest()

    (resource,) = json.loads(run(SERVICE, tmp_path))["resource_metrics"]

    sent = [metric for scope in resource["scope_metrics"] for metric in scope["metrics"]]
    points = [point for metric in sent for point in metric["data"]["data_points"]]
    labels = {key.replace(".", "_") for point in points for key in point["attributes"]}
    asked = " ".join(texts()[name] for name in OVER_OURS)
    named = set(re.findall(r"\b(?:aiprov|error)_\w+", asked)) - {"aiprov_otel"}
    assert named <= labels | {in_prometheus(metric) for metric in sent}
    assert {"aiprov_function_calls_total", "error_type"} <= named
