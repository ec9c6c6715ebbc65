"""The table of counting cases: each recorded once as OTLP, and counted alike in three stores."""

from __future__ import annotations

import base64
import json
import sys
from collections import Counter
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

from aiprov_otel.manifest import dump
from aiprov_otel.report import sql
from aiprov_otel.telemetry import sources
from aiprov_otel.telemetry.otlp_protobuf import protobuf_rows
from aiprov_otel.telemetry.store import Store
from support.application import REVISION, Application, run
from support.brokers import kafka, rabbitmq
from support.prometheus import ask, prometheus
from support.prometheus import why_not as why_no_prometheus

pytest.importorskip("opentelemetry.instrumentation.sqlite3", reason="no group `frameworks`")

PROGRAMS = Path(__file__).with_name("counting")
DEPRECATED = (  # between libraries
    "ignore:Using `httpx`",
    "ignore:Inheritance class",
    "ignore:pkg_resources is",
    "ignore:Deprecated call to `pkg_resources",
)
COMMAND = (sys.executable, "-W", "error", *(f"-W{each}" for each in DEPRECATED))
FRAMEWORKS = (
    *("fastapi", "flask", "django", "celery"),
    *("starlette", "falcon", "aiohttp", "tornado", "grpc"),
    *("bottle", "pyramid", "quart", "litestar"),
    *("asgi", "wsgi"),
    *("pika", "aio_pika", "kafka", "aiokafka", "confluent_kafka"),
)
SERVERS = {"asgi": "uvicorn", "wsgi": "werkzeug"}
BROKERS = {"pika": rabbitmq, "aio_pika": rabbitmq} | dict.fromkeys(
    ("kafka", "aiokafka", "confluent_kafka"), kafka
)
FOUND = [name for name in FRAMEWORKS if find_spec(SERVERS.get(name, name))]

ESCAPED, HANDLED, EXPECTED = ({name: 1} for name in ("escaped", "handled", "expected"))
NONE: dict[str, int] = {}
CASES = {
    # what happens: exceptions by outcome, and whether the request failed
    "nested": (ESCAPED, True),
    "context_manager": (ESCAPED, True),
    "executor": (ESCAPED, True),
    "executor_handled": (ESCAPED, False),  # what ran in the pool failed, and its caller did not
    "tasks": (ESCAPED, True),
    "group": ({"escaped": 2}, True),
    "retry": ({"handled": 2}, False),
    "retry_gives_up": ({"escaped": 1, "handled": 2}, True),
    "task_retry": ({"handled": 2}, False),
    "task_retry_gives_up": ({"escaped": 1, "handled": 2}, True),
    "generator": (ESCAPED, True),
    "handled": (HANDLED, False),
    "converted": ({"escaped": 1, "handled": 1}, True),
    "converting": (ESCAPED, True),
    "query": (ESCAPED, True),
    "query_handled": (HANDLED, False),
    "wrong": (EXPECTED, False),
    "listed": (EXPECTED, False),
    "returned_500": (NONE, True),
    "logged_500": (ESCAPED, True),
    "returned_404": (NONE, False),
    "raised_404": (EXPECTED, False),
    "validated": (NONE, False),
    "background": (ESCAPED, False),
    "websocket": (ESCAPED, True),
    "streaming": (ESCAPED, True),
    "call_handled": (HANDLED, False),  # nothing served failed by it
    "call_escaped": (ESCAPED, False),  # it ended its thread
}
ENDED = ("kafka", "aiokafka")
OTHERWISE = {
    # A task or a message is not answered.
    **{(name, "wrong"): (ESCAPED, True) for name in ("celery", "pika", "aio_pika")},
    # The span of a message has ended when a function with its own span handles it.
    **{(name, case): (ESCAPED, False) for name in ENDED for case in ("nested", "wrong")},
    **{(name, "retry_gives_up"): ({"escaped": 1, "handled": 2}, False) for name in ENDED},
    # That of confluent-kafka ends with the next poll, for which something caught the exception.
    **{("confluent_kafka", case): (HANDLED, False) for case in ("nested", "wrong")},
    ("confluent_kafka", "retry_gives_up"): ({"handled": 3}, False),
    ("django", "validated"): (EXPECTED, False),  # in a function of the application
    ("flask", "streaming"): (ESCAPED, False),  # its span ends before the body is read
    ("django", "streaming"): (ESCAPED, False),  # the same
    ("grpc", "wrong"): ({"expected": 1, "handled": 1}, False),  # `abort` raises an exception too
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """The spans of all frameworks as OTLP, and what the metric counted in each case."""
    application = Application(tmp_path_factory.mktemp("counts"))
    application.write("work.py", (PROGRAMS / "work.py").read_text())
    path = application.folder / "aiprov.manifest"
    policy = {"expected_errors": ["work.Listed"]}
    dump(path, application.sources, revision=REVISION, repository_url=None, policy=policy)
    spans, metric = [], {}
    with ExitStack() as brokers:
        ports = {each: started(each, brokers, tmp_path_factory) for each in {*BROKERS.values()}}
        for name in FOUND:
            if (port := ports[BROKERS[name]] if name in BROKERS else "") is None:
                continue
            program = (PROGRAMS / f"count_{name}.py").read_text()
            code = f"import sys; sys.argv = ['', {name!r}]\n{program}"
            output = run(code, application.folder, *COMMAND, PYTHONPATH=str(PROGRAMS), PORT=port)
            result = json.loads(output.splitlines()[-1])
            spans.append(base64.b64decode(result["spans"]))
            metric |= {(name, case): counts for case, counts in result["exceptions"].items()}
    return spans, metric


def started(broker, brokers, tmp_path_factory):
    """The port of *broker*; None where it is not on this machine."""
    try:
        return str(brokers.enter_context(broker(tmp_path_factory.mktemp("broker"))))
    except pytest.skip.Exception:
        return None


@pytest.fixture(scope="module")
def store(recorded, tmp_path_factory):
    """A local store of those spans."""
    with Store.open(tmp_path_factory.mktemp("store") / "telemetry.duckdb") as store:
        for request in recorded[0]:
            store.add([row for row in protobuf_rows(request) if row])
        yield store


def counted(source):
    """The exceptions of each case in *source*, by outcome, and whether its request failed."""
    with source.reader() as reader:
        reader.begin()
        for name in sql.TABLES:
            reader.query(sql.table(name))
        exceptions = reader.query(
            "SELECT spans.ServiceName, spans.SpanAttributes['case'], errors.Outcome, count(*) "
            "FROM errors JOIN spans "
            "ON spans.TraceId = errors.TraceId AND spans.SpanId = errors.SpanId "
            "WHERE errors.Stacktrace IS NOT NULL GROUP BY 1, 2, 3"
        )
        failed = reader.query(
            "SELECT DISTINCT ServiceName, SpanAttributes['case'] FROM spans "
            "WHERE SpanKind IN ('Server', 'Consumer') AND Outcome = 'escaped'"
        )
        cases = reader.query("SELECT DISTINCT ServiceName, SpanAttributes['case'] FROM spans")
    counts = {tuple(case): {} for case in cases}
    for name, case, outcome, number in exceptions:
        counts[name, case][outcome] = number
    return {case: (found, case in {tuple(row) for row in failed}) for case, found in counts.items()}


def expected(recorded):
    """The table, for each framework and the cases that it has."""
    return {key: OTHERWISE.get(key, CASES[key[1]]) for key in recorded[1]}


def test_the_local_store_has_the_table(recorded, store):
    """Each exception once, with its outcome, and each request that failed, by the spans."""
    assert counted(store) == expected(recorded)


def test_each_framework_has_its_cases(recorded):
    """The whole table for four of them, as far as it applies, and five cases for the others."""
    cases = Counter(name for name, _ in recorded[1])
    many = {"fastapi": 24, "flask": 22, "django": 22, "celery": 17, "asgi": 6, "wsgi": 8}
    found = [name for name in FOUND if name not in BROKERS or name in cases]

    assert cases == {name: many.get(name, 5) for name in found}


def test_the_metric_has_the_table(recorded):
    """The service itself counts what the spans show."""
    metric = recorded[1]

    assert metric == {key: exceptions for key, (exceptions, _) in expected(recorded).items()}


def test_clickhouse_has_the_table(recorded, store, tmp_path):
    """The same spans in ClickHouse's engine."""
    pytest.importorskip("chdb", reason="there is no ClickHouse to ask: pip install chdb")
    from support.clickhouse import clickhouse

    with clickhouse() as server:
        server.load(store, tmp_path)
        with sources.opened(server.address) as source:
            assert counted(source) == expected(recorded)


def test_prometheus_has_the_table(recorded, tmp_path):
    """The counters of the service, and of the Collector's entry spans, in a real Prometheus."""
    if reason := why_no_prometheus():
        pytest.skip(reason)
    table = expected(recorded)
    counters = {
        f'aiprov_exceptions_total{{service_name="{name}",job="{case}",'
        f'aiprov_error_outcome="{outcome}"}}': number * 1000
        for (name, case), counts in recorded[1].items()
        for outcome, number in counts.items()
    }
    found = {key: {} for key in table}
    with prometheus(counters, tmp_path) as address:
        query = (
            "round(sum by (service_name, job, aiprov_error_outcome)"
            "(increase(aiprov_exceptions_total[3h])) / 1000)"
        )
        for row in ask(address, "query", query=query)["result"]:
            labels = row["metric"]
            counts = found[labels["service_name"], labels["job"]]
            counts[labels["aiprov_error_outcome"]] = int(row["value"][1])

    assert found == {key: exceptions for key, (exceptions, _) in table.items()}
