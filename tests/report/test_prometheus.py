"""Prometheus says what counters can say, and that they can't say more."""

from __future__ import annotations

import json
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from aiprov_otel.errors import StoreError, UsageError
from aiprov_otel.report.prometheus import read_counters
from support.command import aiprov
from support.prometheus import prometheus, why_not

FUNCTIONS = "aiprov_function_calls_total"
COLLECTOR = "traces_span_metrics_calls_total"
TEMPO = "traces_spanmetrics_calls_total"
OPUS = 'aiprov_origin="ai",aiprov_model_name="claude-opus-4-6"'
ERROR = 'status_code="STATUS_CODE_ERROR"'

COUNTERS = {
    f'{FUNCTIONS}{{job="shop",{OPUS}}}': 9_000,
    f'{FUNCTIONS}{{job="shop",{OPUS},error_type="KeyError"}}': 600,
    f'{FUNCTIONS}{{job="shop",{OPUS},error_type="ValueError"}}': 400,
    f'{FUNCTIONS}{{job="shop",aiprov_origin="human"}}': 19_600,
    f'{FUNCTIONS}{{job="mail",aiprov_origin="human",error_type="OSError"}}': 400,
    f'{COLLECTOR}{{service_name="shop",span_name="GET /a",status_code="",{OPUS}}}': 900,
    f'{COLLECTOR}{{service_name="shop",span_name="GET /a",{ERROR},{OPUS}}}': 100,
    f'{COLLECTOR}{{service_name="shop",span_name="GET /b",aiprov_origin="human"}}': 5_000,
    f'{COLLECTOR}{{service_name="shop",span_name="SELECT"}}': 70_000,
    f'{TEMPO}{{service="shop",span_name="GET /a",{ERROR},{OPUS}}}': 50,
}

if reason := why_not():
    pytest.skip(reason, allow_module_level=True)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with prometheus(COUNTERS, tmp_path_factory.mktemp("prometheus")) as address:
        yield f"prometheus://{address}?period=1d"


def near(number):
    """What `increase()` may make of *number*: it goes on at both ends, by up to half a step."""
    return pytest.approx(number, rel=0.02)


def test_function_metrics_are_counted_by_origin_model_and_service(address):
    """Calls and errors of each, and the crude ratio of the two."""
    functions, *_ = read_counters(address)

    assert functions.metric == FUNCTIONS
    assert [(row.key, row.calls, row.errors) for row in functions.origins] == [
        (("ai",), near(10_000), near(1_000)),
        (("human",), near(20_000), near(400)),
    ]
    assert functions.ratio == near(5)
    assert [(row.key, row.calls) for row in functions.models] == [
        (("ai", "claude-opus-4-6"), near(10_000)),
        (("human", ""), near(20_000)),
    ]
    assert [(row.key, row.errors) for row in functions.services] == [
        (("mail", "human"), near(400)),
        (("shop", "ai"), near(1_000)),
        (("shop", "human"), 0),
    ]
    assert functions.routes == ()
    assert "not a verdict" in functions.text


def test_span_metrics_have_routes(address):
    """Those of the Collector and of Tempo, each in its own words; spans without origin are none."""
    _, collector, tempo = read_counters(address)

    assert (collector.metric, tempo.metric) == (COLLECTOR, TEMPO)
    assert [(row.key, row.calls, row.errors) for row in collector.routes] == [
        (("shop", "GET /a", "ai"), near(1_000), near(100)),
        (("shop", "GET /b", "human"), near(5_000), 0),
    ]
    assert [(row.key, row.error_ratio) for row in tempo.routes] == [(("shop", "GET /a", "ai"), 1)]
    assert collector.ratio is None
    assert "Nothing to compare" in collector.text


def test_the_command_lists_what_counters_can_not_tell(address, tmp_path):
    """Tables, and the sentences about what is missing; --json has both."""
    shown = aiprov("report", "--from", address, cwd=tmp_path)
    document = json.loads(aiprov("report", "--from", address, "--json", cwd=tmp_path).stdout)
    gate = aiprov("report", "--from", address, "--fail-if-low", "1.5", cwd=tmp_path)

    assert shown.returncode == 0, shown.stderr
    assert "What counters can't tell:\n* no limits" in shown.stdout
    assert "claude-opus-4-6" in shown.stdout
    assert document["verdict"]["crude_ratio"] == near(5)
    assert document["verdict"]["adjusted_ratio"] is None
    assert [row["metric"] for row in document["others"]] == [COLLECTOR, TEMPO]
    assert document["arms"][0].keys() == {"origin", "calls", "errors", "error_ratio"}
    assert (gate.returncode, gate.stderr.count("\n")) == (2, 1)


def test_a_prometheus_without_origins_says_how_to_get_them(tmp_path):
    """One line, with the attributes and where they belong."""
    counters = {f'{COLLECTOR}{{service_name="shop",span_name="SELECT"}}': 70}
    with (
        prometheus(counters, tmp_path) as address,
        pytest.raises(StoreError, match=r"counted no call with aiprov\.origin"),
    ):
        read_counters(f"prometheus://{address}")


class Stored(BaseHTTPRequestHandler):
    """Stands in for a Prometheus 3, which knows one spelling of the metric and of the label."""

    metric = label = ""

    def do_POST(self):
        query = parse_qs(urlsplit(self.path).query)["query"][0]
        names = re.split(r"[^\w.]+", query)
        rows = []
        if self.metric in names and self.label in names:
            rows = [
                {"metric": {self.label: origin, "job": "shop"}, "value": [1, calls]}
                for origin, calls in (("ai", "100"), ("human", "200"))
            ]
        body = json.dumps({"status": "success", "data": {"result": rows}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(
    ("metric", "label"),
    [
        ("aiprov_function_calls_total", "aiprov_origin"),
        ("aiprov_function_calls", "aiprov_origin"),
        ("aiprov.function.calls_total", "aiprov.origin"),
        ("aiprov.function.calls", "aiprov.origin"),
        ("traces_span_metrics_calls", "aiprov_origin"),
        ("traces.span.metrics.calls", "aiprov.origin"),
    ],
)
def test_names_are_found_as_each_translation_strategy_spells_them(metric, label):
    """With dots or without, with a suffix or without."""
    handler = type("Handler", (Stored,), {"metric": metric, "label": label})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        (counters,) = read_counters(f"prometheus://127.0.0.1:{server.server_address[1]}")
        server.shutdown()

    assert counters.metric == metric
    assert [(one.key, one.calls) for one in counters.origins] == [(("ai",), 100), (("human",), 200)]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "success"},
        {"status": "success", "data": []},
        {"status": "success", "data": {"result": {}}},
        {"status": "success", "data": {"result": [{"metric": {}}]}},
        {"status": "success", "data": {"result": [{"metric": [], "value": [1, "2"]}]}},
        {"status": "success", "data": {"result": [{"metric": {}, "value": [1, "many"]}]}},
    ],
)
def test_an_answer_of_another_kind_is_refused(answer):
    """One line, whatever a server or a proxy in front of it makes of the API."""
    handler = type("Handler", (Fixed,), {"body": json.dumps(answer).encode()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        with pytest.raises(StoreError, match="something else than Prometheus does"):
            read_counters(f"prometheus://127.0.0.1:{server.server_address[1]}")
        server.shutdown()


class Fixed(Stored):
    """Answers each query with the same *body*."""

    body = b""

    def do_POST(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)


def test_a_path_other_than_the_api_is_refused(address):
    """Something other than Prometheus answers there."""
    with pytest.raises(StoreError, match="something else"):
        read_counters(address.replace("?", "/nowhere?"))


@pytest.mark.parametrize(
    "address",
    ["prometheus://", "prometheus://host:port", "prometheus://host?period=week"],
)
def test_an_invalid_address_is_refused(address):
    """The error shows a valid address."""
    with pytest.raises(UsageError, match="prometheus://host:9090"):
        read_counters(address)


def test_where_nothing_answers_it_says_so():
    """Nothing listens on the port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(StoreError, match=f"nothing answers at prometheus://127.0.0.1:{port}"):
        read_counters(f"prometheus://127.0.0.1:{port}")
