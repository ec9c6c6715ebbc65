"""Falcon, under gunicorn (WSGI) and uvicorn (ASGI)."""

from __future__ import annotations

import asyncio

import pytest

from support.origins import assert_work_is_named, handler
from support.rush import assert_none_has_a_neighbour_s
from support.service import Answer, ended, executable, remote_parent, service

pytest.importorskip("falcon")
ClientSession = pytest.importorskip("aiohttp").ClientSession

INSTRUMENTED = ["falcon", "sqlite3", "threading"]
FILES = ["falcon_app.py", "stock.py"]


@pytest.fixture(scope="module")
def wsgi(tmp_path_factory):
    """The WSGI application, in threads of two workers."""
    words = ["--workers", "2", "--threads", "2", "--bind", "127.0.0.1:{port}", "falcon_app:wsgi"]
    folder = tmp_path_factory.mktemp("falcon")
    command = (executable("gunicorn"), *words)
    with service(folder, *command, files=FILES, instrumented=INSTRUMENTED) as running:
        yield running


@pytest.fixture(scope="module")
def asgi(tmp_path_factory):
    """The ASGI application."""
    folder = tmp_path_factory.mktemp("falcon")
    command = (executable("uvicorn"), "--port", "{port}", "falcon_app:asgi")
    with service(folder, *command, files=FILES, instrumented=INSTRUMENTED) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "method", "name", "origin"),
    [
        ("/item", "GET", "Item.on_get", "ai"),
        ("/item", "POST", "Item.on_post", "human"),
        ("/item/x", "GET", "Item.on_get_shown", "ai"),
        ("/decorated", "GET", "Decorated.on_get", "human"),
        ("/sink/x", "GET", "sink", "ai"),
    ],
)
def test_the_responder_is_named(wsgi, path, method, name, origin):
    """
    Methods of a resource, with a suffix or a hook, and sinks.
    """
    answer = wsgi.request(path, method)

    assert (answer.status, handler(answer.entry)) == (200, (f"falcon_app.{name}", origin))


@pytest.mark.parametrize(
    ("path", "method", "name", "origin"),
    [
        ("/item", "GET", "Later.on_get", "ai"),
        ("/item", "POST", "Later.on_post", "human"),
        ("/decorated", "GET", "DecoratedLater.on_get", "human"),
        ("/sink/x", "GET", "sink_later", "ai"),
    ],
)
def test_the_asgi_responder_is_named(asgi, path, method, name, origin):
    """
    So are those of an ASGI application, which has OpenTelemetry's middleware around it.
    """
    answer = asgi.request(path, method)

    assert (answer.status, handler(answer.entry)) == (200, (f"falcon_app.{name}", origin))


@pytest.mark.parametrize("server", ["wsgi", "asgi"])
@pytest.mark.parametrize(("path", "method", "status"), [("/no", "GET", 404), ("/item", "PUT", 405)])
def test_falcon_s_own_answers_have_no_handler(request, server, path, method, status):
    """
    Not found, not allowed: no function is named for it.
    """
    answer = request.getfixturevalue(server).request(path, method)

    assert (answer.status, handler(answer.entry)) == (status, None)


@pytest.mark.parametrize("server", ["wsgi", "asgi"])
def test_what_a_responder_does_is_named(request, server):
    """
    Client and internal spans, in whatever thread they begin, name their functions.
    """
    assert_work_is_named(request.getfixturevalue(server).request("/work"))


def test_a_failing_responder(wsgi):
    """
    The server span that Falcon fails with a 500 names its responder.
    """
    answer = wsgi.request("/fail")

    assert answer.status == 500
    assert answer.entry.status_code == "Error"
    assert handler(answer.entry) == ("falcon_app.Failing.on_get", "ai")


def test_a_failing_asgi_responder(asgi):
    """
    So does that of an ASGI application.
    """
    answer = asgi.request("/fail")

    assert answer.status == 500
    assert answer.entry.status_code == "Error"
    assert handler(answer.entry) == ("falcon_app.FailingLater.on_get", "ai")


def test_a_websocket(asgi):
    """
    The span of a websocket names its responder.
    """

    async def talk(header):
        url = f"ws://127.0.0.1:{asgi.port}/talk"
        async with (
            ClientSession() as session,
            session.ws_connect(url, headers={"traceparent": header}) as connection,
        ):
            await connection.send_str("hello")
            return await connection.receive_str()

    with remote_parent() as (header, trace_id, parent_id):
        assert asyncio.run(talk(header)) == "hello"
    spans = asgi.received.wait(trace_id, ended(parent_id))
    assert handler(Answer(0, spans).entry) == ("falcon_app.Talk.on_websocket", "human")


@pytest.mark.parametrize(
    ("server", "item", "decorated"),
    [
        ("wsgi", "Item.on_get", "Decorated.on_get"),
        ("asgi", "Later.on_get", "DecoratedLater.on_get"),
    ],
)
def test_requests_at_once_do_not_mix(request, server, item, decorated):
    """
    Requests over connections that are kept alive each name their own responder, or none.
    """
    responders = {"/item": item, "/decorated": decorated, "/none": None}
    running = request.getfixturevalue(server)
    assert_none_has_a_neighbour_s(running, "falcon_app", responders)
