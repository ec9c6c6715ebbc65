"""Tornado, on its own server."""

from __future__ import annotations

import asyncio
import sys

import pytest

from support.origins import assert_failed_by_a_person, caller, handler
from support.rush import assert_none_has_a_neighbour_s
from support.service import ended, remote_parent, service

pytest.importorskip("tornado")


@pytest.fixture(scope="module")
def tornado(tmp_path_factory):
    """The application."""
    with service(
        tmp_path_factory.mktemp("tornado"),
        *(sys.executable, "tornado_app.py", "{port}"),
        files=["tornado_app.py", "stock.py"],
        instrumented=["tornado", "sqlite3", "threading"],
    ) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "method", "name", "origin"),
    [
        ("/plain", "GET", "Plain.get", "ai"),
        ("/plain", "POST", "Plain.post", "human"),
        ("/later", "GET", "Later.get", "ai"),
        ("/decorated", "GET", "Wrapped.get", "human"),
        ("/stream", "GET", "Stream.get", "ai"),
    ],
)
def test_the_method_is_named(tornado, path, method, name, origin):
    """
    The method that answers, plain, async or decorated.
    """
    answer = tornado.request(path, method)

    assert (answer.status, handler(answer.entry)) == (200, (f"tornado_app.{name}", origin))


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/no", "GET", 404), ("/plain", "PUT", 405)]
)
def test_where_no_method_runs_nothing_is_claimed(tornado, path, method, status):
    """
    Not found, or not allowed: no function of the application is named for it.
    """
    answer = tornado.request(path, method)

    assert (answer.status, handler(answer.entry)) == (status, None)


def test_what_a_method_does_is_named(tornado):
    """
    Client and internal spans name their functions, but for those that an executor was handed.
    """
    answer = tornado.request("/work")

    assert caller(answer.span("reckon")) == ("stock.reckon", "ai")
    assert caller(answer.span("in a thread")) == ("stock.reckon", "ai")


@pytest.mark.parametrize(("path", "name"), [("/fail", "Failing"), ("/fail-later", "FailingLater")])
def test_a_failing_method(tornado, path, name):
    """
    The exception names the line that raised, and so does the server span that it failed.
    """
    answer = tornado.request(path)

    assert answer.status == 500
    assert handler(answer.entry) == (f"tornado_app.{name}.get", "ai")
    assert_failed_by_a_person(answer.entry)


def test_a_websocket(tornado):
    """
    The span of a websocket names the method that is given its messages.
    """
    from tornado.httpclient import HTTPRequest
    from tornado.websocket import websocket_connect

    async def talk(headers):
        url = f"ws://127.0.0.1:{tornado.port}/talk"
        connection = await websocket_connect(HTTPRequest(url, headers=headers))
        await connection.write_message("hello")
        said = await connection.read_message()
        connection.close()
        return said

    with remote_parent() as (header, trace_id, parent_id):
        assert asyncio.run(talk({"traceparent": header})) == "hello"
    (span,) = tornado.received.wait(trace_id, ended(parent_id))
    assert handler(span) == ("tornado_app.Talk.on_message", "human")


def test_requests_at_once_do_not_mix(tornado):
    """
    Requests over connections that are kept alive each name their own method, or none.
    """
    methods = {"/plain": "Plain.get", "/later": "Later.get", "/stream": "Stream.get", "/no": None}
    assert_none_has_a_neighbour_s(tornado, "tornado_app", methods)
