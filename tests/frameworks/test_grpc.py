"""gRPC, with a server in threads and one in asyncio."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.origins import assert_work_is_named, handler
from support.service import Answer, ended, remote_parent, service
from support.waiting import PATIENCE

grpc = pytest.importorskip("grpc")

SERVICERS = {"threads": "Stock", "asyncio": "Later"}


class Client:
    """Calls of one server."""

    def __init__(self, running, servicer):
        self.running = running
        self.servicer = servicer
        self.channel = grpc.insecure_channel(f"127.0.0.1:{running.port}")

    def call(self, name, kind="unary_unary"):
        """Call the method *name*, in a trace of its own."""
        with remote_parent() as (header, trace_id, parent_id):
            method = getattr(self.channel, kind)(f"/Stock/{name}")
            sent = iter([b"a", b"b"]) if kind.startswith("stream") else b""
            status = self._status(method, sent, kind, (("traceparent", header),))
        return Answer(status, self.running.received.wait(trace_id, ended(parent_id)))

    def _status(self, method, sent, kind, metadata):
        try:
            answer = method(sent, metadata=metadata, timeout=PATIENCE)
            assert list(answer) == [b"a", b"b"] if kind.endswith("stream") else answer is not None
        except grpc.RpcError as error:
            return error.code().value[0]
        return 0


@pytest.fixture(scope="module", params=SERVICERS)
def client(request, tmp_path_factory):
    """A client of one of the servers."""
    with service(
        tmp_path_factory.mktemp("grpc"),
        *(sys.executable, "grpc_app.py", request.param, "{port}"),
        files=["grpc_app.py", "stock.py"],
        instrumented=["grpc_server", "grpc_aio_server", "sqlite3", "threading"],
    ) as running:
        yield Client(running, SERVICERS[request.param])


@pytest.mark.parametrize(
    ("name", "kind", "origin"),
    [
        ("plain", "unary_unary", "ai"),
        ("streaming", "unary_stream", "human"),
        ("collecting", "stream_unary", "ai"),
        ("echoing", "stream_stream", "human"),
    ],
)
def test_the_method_is_named(client, name, kind, origin):
    """
    The servicer's method is named, with one answer or several, for one request or several.
    """
    answer = client.call(name, kind)

    assert (answer.status, handler(answer.entry)) == (
        0,
        (f"grpc_app.{client.servicer}.{name}", origin),
    )


def test_an_unknown_method_has_no_span(client):
    """
    The instrumentation begins no span for a method that is not there.
    """
    with remote_parent() as (header, trace_id, _):
        method = client.channel.unary_unary("/Stock/none")
        with pytest.raises(grpc.RpcError, match="UNIMPLEMENTED"):
            method(b"", metadata=(("traceparent", header),))
    client.call("plain")
    assert client.running.received.wait(trace_id, lambda rows: True) == []


def test_what_a_method_does_is_named(client):
    """
    Client and internal spans, in whatever thread they begin, name their functions.
    """
    assert_work_is_named(client.call("work"))


def test_a_failing_method(client):
    """
    The exception names the line that raised, on the event.
    """
    answer = client.call("failing")

    assert answer.status == grpc.StatusCode.UNKNOWN.value[0]
    assert handler(answer.entry) == (f"grpc_app.{client.servicer}.failing", "ai")
    event = answer.entry.event_attributes[0]
    assert (event["aiprov.exception.origin"], event["code.function.name"]) == (
        "human",
        "stock.fail",
    )


def test_an_aborted_call_is_its_method_s(client):
    """
    A method that aborts fails its span.
    """
    entry = client.call("aborting").entry

    assert (entry.status_code, handler(entry)) == (
        "Error",
        (f"grpc_app.{client.servicer}.aborting", "ai"),
    )


def test_calls_at_once_do_not_mix(client):
    """
    Calls in few threads and over one connection each name their own method.
    """
    kinds = {"plain": "unary_unary", "streaming": "unary_stream", "collecting": "stream_unary"}
    names = [*kinds] * 20
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda name: client.call(name, kinds[name]), names))

    found = [handler(answer.entry)[0] for answer in answers]
    assert found == [f"grpc_app.{client.servicer}.{name}" for name in names]
