"""All servers on one machine, each with exactly the files that are shipped."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from aiprov_otel.backends import texts
from support import jaeger, network, pipeline
from support.native import taking
from support.prometheus import ask
from support.prometheus import why_not as no_alertmanager
from support.servers import built, running
from support.waiting import until

REASONS = (network.why_not(), jaeger.why_not(), pipeline.why_not())
REASONS += (no_alertmanager("prometheus-alertmanager"),)
if reason := next(filter(None, REASONS), None):
    pytest.skip(reason, allow_module_level=True)

SERVERS = {
    f"{built('prometheus')} --config.file=prometheus.yml --web.enable-otlp-receiver "
    "--enable-feature=exemplar-storage --web.listen-address=127.0.0.1:9090": "9090/-/ready",
    "prometheus-alertmanager --config.file=alertmanager/alertmanager.yml "
    "--cluster.listen-address= --web.listen-address=127.0.0.1:9093": "9093/-/ready",
    f"{built('jaeger')} --config jaeger/jaeger.yaml": "16686/",
    f"{built('otelcol')} --config collector/otelcol.yaml": "4318/",
}
"""The commands, in the folder that `aiprov dashboards` writes, and where each answers."""

PORTS = {4317, 4318, 8888, 14317, 14318, 18888, 16685, 16686, 9090, 9093}
PROMETHEUS = """
rule_files: [prometheus/*.rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:9093"]}]}]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What `aiprov dashboards` writes, and a configuration of Prometheus."""
    folder = tmp_path_factory.mktemp("shipped")
    for name, text in texts().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "prometheus.yml").write_text(PROMETHEUS)
    return folder


@pytest.fixture
def served(folder):
    """All of them, from when they answer on."""
    with network.own(), ExitStack() as stack:
        for command, ready in SERVERS.items():
            log = folder / f"{ready.partition('/')[0]}.log"
            address = f"http://127.0.0.1:{ready}"
            stack.enter_context(running(command.split(), address, log, folder=folder))
        yield


def test_all_run_beside_each_other_and_are_heard_on_this_machine_only(served):
    """
    Each listens where its file says, its own metrics too; without a login, nobody is let in from
    elsewhere.
    """
    found = network.listening()

    assert found.keys() >= PORTS
    assert {address for each in found.values() for address in each} <= {"127.0.0.1", "::1"}


def test_the_collector_starts_with_its_second_file(folder, tmp_path):
    """
    It makes its tables where the variable of the file names a ClickHouse.
    """
    files = ("collector/otelcol.yaml", "collector/clickhouse.yaml")
    command = [built("otelcol") or "", *(f"--config={name}" for name in files)]
    with network.own(), taking(tmp_path) as (address, engine):
        variables = {"CLICKHOUSE_URL": address}
        log, ready = tmp_path / "otelcol.log", "http://127.0.0.1:4318/"
        with running(command, ready, log, variables, folder):
            tables = engine.ask("SELECT name FROM system.tables WHERE database = 'otel'", "TSV")

    assert {b"otel_traces", b"otel_logs"} <= set(tables.split())


@pytest.mark.matrix
def test_what_a_service_sends_comes_out_at_both_ends(served):
    """
    A failed span is counted in Prometheus, which Jaeger's Monitor tab asks, and found in Jaeger by
    who wrote what failed it.
    """
    spans = TracerProvider(resource=Resource({"service.name": "shop"}))
    spans.add_span_processor(
        SimpleSpanProcessor(OTLPSpanExporter("http://127.0.0.1:4318/v1/traces"))
    )
    said = {"aiprov.origin": "human", "aiprov.error.origin": "ai"}
    handler = spans.get_tracer("shop").start_span("GET /", kind=SpanKind.SERVER, attributes=said)
    handler.set_status(StatusCode.ERROR)
    handler.end()
    spans.shutdown()

    query = 'traces_span_metrics_calls_total{aiprov_error_origin="ai"}'
    until(lambda: ask("127.0.0.1:9090", "query", query=query)["result"], "it is counted")
    search = partial(jaeger.found, "http://127.0.0.1:16686", {"aiprov.error.origin": "ai"})
    until(search, "it is found")
    assert jaeger.monitored("http://127.0.0.1:16686", "calls").keys() <= {"GET /"}
