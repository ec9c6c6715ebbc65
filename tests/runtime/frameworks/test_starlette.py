"""Starlette and FastAPI: the server span names the endpoint that serves the request."""

from __future__ import annotations

import sys

import pytest

import aiprov_otel
from aiprov_otel.runtime import guard
from support.application import run
from support.asgi import request, websocket

pytest.importorskip("fastapi", reason="FastAPI is not installed here")

from fastapi import FastAPI
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.trace import SpanKind
from starlette.applications import Starlette

ENDPOINTS = """\
import functools

from fastapi import APIRouter, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute

from aiprov_otel import provenance


def sync(request):
    return PlainTextResponse("ok")


async def later(request):
    return PlainTextResponse("ok")


def wrapped(function):
    @functools.wraps(function)
    async def around(*args, **kwargs):
        return await function(*args, **kwargs)
    return around


@wrapped
async def decorated(request):  # human
    return PlainTextResponse("ok")  # human


@provenance
async def ours(request):
    return PlainTextResponse("ok")


async def configured(request, word):
    return PlainTextResponse(word)


async def fail(request):
    raise KeyError("apple")  # human


class Item(HTTPEndpoint):
    async def get(self, request):
        return PlainTextResponse("got")

    def post(self, request):  # human
        return PlainTextResponse("posted")  # human


class Chat(WebSocketEndpoint):
    encoding = "text"

    async def on_receive(self, websocket, data):
        await websocket.send_text(data)


class Raw:
    async def __call__(self, scope, receive, send):
        await PlainTextResponse("raw")(scope, receive, send)


async def talk(websocket):
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()


async def passing(request, call_next):
    return await call_next(request)


ROUTES = [
    Route("/sync", sync),
    Route("/later", later),
    Route("/decorated", decorated),
    Route("/ours", ours),
    Route("/partial", functools.partial(configured, word="x")),
    Route("/fail", fail),
    Route("/item", Item),
    Route("/raw", Raw()),
    Route("/builtin", functools.partial(PlainTextResponse, "x")),
    WebSocketRoute("/talk", talk),
    WebSocketRoute("/chat", Chat),
    Mount("/below", routes=[Route("/later", later)]),
]


def starlette():
    return Starlette(routes=ROUTES, middleware=[Middleware(BaseHTTPMiddleware, dispatch=passing)])


def fastapi():
    app, router = FastAPI(), APIRouter(prefix="/sub")

    @app.get("/sync")
    def api_sync():
        return 1

    @app.get("/later/{item}")
    async def api_later(item: int):
        return item

    @app.post("/post")
    async def api_post():  # human
        return 1  # human

    @app.get("/fail")
    async def api_fail():
        raise KeyError("apple")  # human

    @router.get("/item")
    async def api_item():
        return 1

    @app.websocket("/talk")
    async def api_talk(websocket: WebSocket):
        await talk(websocket)

    app.include_router(router)
    app.mount("/mounted", Starlette(routes=ROUTES))
    return app
"""


@pytest.fixture
def endpoints(application):
    """The endpoints above, installed."""
    endpoints = application.module("shop.endpoints", ENDPOINTS)
    application.install()
    return endpoints


@pytest.fixture
def starlette(application, endpoints):
    """A Starlette application with OpenTelemetry's middleware, as its instrumentor adds it."""
    app = endpoints.starlette()
    app.add_middleware(OpenTelemetryMiddleware, tracer_provider=application.provider)
    return app


@pytest.fixture
def fastapi(application, endpoints):
    """A FastAPI application, instrumented."""
    app = endpoints.fastapi()
    FastAPIInstrumentor.instrument_app(app, tracer_provider=application.provider)
    return app


def server(application):
    """The attributes of the one server span."""
    (span,) = [s for s in application.memory.get_finished_spans() if s.kind is SpanKind.SERVER]
    return span.attributes


def handler(application):
    """Which function the server span names, and who wrote it."""
    attributes = server(application)
    assert attributes["aiprov.unit"] == "handler"
    return attributes["code.function.name"], attributes["aiprov.origin"]


@pytest.mark.parametrize(
    ("path", "name", "origin"),
    [
        ("/sync", "sync", "ai"),
        ("/later", "later", "ai"),
        ("/decorated", "decorated", "human"),
        ("/ours", "ours", "ai"),
        ("/partial", "configured", "ai"),
        ("/item", "Item.get", "ai"),
        ("/raw", "Raw.__call__", "ai"),
        ("/below/later", "later", "ai"),
    ],
)
def test_the_endpoint_is_named(application, starlette, path, name, origin):
    """
    Functions, decorated or partial, methods of a class and objects, here and in a mount.
    """
    assert request(starlette, path) == 200
    assert handler(application) == (f"shop.endpoints.{name}", origin)


def test_the_definition_is_where_the_code_is(application, starlette):
    """
    A handler's `code.*` is its definition, below its decorators.
    """
    request(starlette, "/decorated")

    line = ENDPOINTS.split("\n").index("async def decorated(request):  # human") + 1
    assert server(application)["code.line.number"] == line


@pytest.mark.parametrize(("method", "name"), [("POST", "Item.post"), ("HEAD", "Item.get")])
def test_the_method_of_a_class_is_named(application, starlette, method, name):
    """
    Each method of the request has its own; `HEAD` is served by `get`.
    """
    assert request(starlette, "/item", method) == 200
    assert handler(application)[0] == f"shop.endpoints.{name}"


@pytest.mark.parametrize(("path", "name"), [("/talk", "talk"), ("/chat", "Chat.on_receive")])
def test_a_websocket_has_a_handler(application, starlette, path, name):
    """
    A websocket's function, or what its class does with a message, is named.
    """
    assert websocket(starlette, path, "hello") == ["hello"]
    assert handler(application)[0] == f"shop.endpoints.{name}"


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/none", "GET", 404), ("/sync", "DELETE", 405)]
)
def test_where_no_endpoint_runs_nothing_is_claimed(application, starlette, path, method, status):
    """
    Not found, or not allowed: the framework answered, and no function is named for it.
    """
    assert request(starlette, path, method) == status
    assert not [key for key in server(application) if key.startswith(("aiprov", "code"))]


def test_a_handler_that_is_no_python_is_missing(application, starlette):
    """
    A handler always has an origin, also where its code is not the application's.
    """
    from contextlib import suppress

    with suppress(Exception):
        request(starlette, "/builtin")
    attributes = server(application)
    assert (attributes["aiprov.origin"], attributes["aiprov.match"]) == ("unknown", "missing")


def test_an_endpoint_that_raises_fails_the_server_span(application, starlette):
    """
    The exception's line is on the event and on the server span, beside the handler's origin.
    """
    with pytest.raises(KeyError):
        request(starlette, "/fail")

    attributes = server(application)
    assert attributes["aiprov.error.origin"] == "human"
    assert attributes["error.type"] == "KeyError"
    spans = application.memory.get_finished_spans()
    (event,) = [event for span in spans for event in span.events]
    assert event.attributes["aiprov.exception.origin"] == "human"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/sync", "fastapi.<locals>.api_sync"),
        ("/later/7", "fastapi.<locals>.api_later"),
        ("/sub/item", "fastapi.<locals>.api_item"),
        ("/mounted/later", "later"),
        ("/mounted/below/later", "later"),
    ],
)
def test_an_endpoint_of_fastapi_is_named(application, fastapi, path, name):
    """
    So are FastAPI's, sync and async, of a sub-router and of a mounted application.
    """
    assert request(fastapi, path) == 200
    assert handler(application)[0] == f"shop.endpoints.{name}"


def test_fastapi_s_other_answers(application, fastapi):
    """
    An invalid request and a wrong method name no endpoint, as none ran.
    """
    assert request(fastapi, "/later/x") == 422
    assert sys.version_info < (3, 12) or "aiprov.origin" not in server(application)
    application.memory.clear()
    assert request(fastapi, "/post") == 405
    assert "aiprov.origin" not in server(application)
    application.memory.clear()
    assert request(fastapi, "/none") == 404
    assert "aiprov.origin" not in server(application)


def test_a_websocket_of_fastapi_has_a_handler(application, fastapi):
    """
    A websocket's function is named.
    """
    assert websocket(fastapi, "/talk", "hello") == ["hello"]
    assert handler(application)[0].endswith("api_talk")


def test_a_failing_endpoint_of_fastapi(application, fastapi):
    """
    The server span says which line failed it, and that it is another's than the handler's.
    """
    with pytest.raises(KeyError):
        request(fastapi, "/fail")

    attributes = server(application)
    assert attributes["aiprov.error.origin"] == "human"
    assert attributes["code.function.name"].endswith("api_fail")


def test_many_requests_do_not_mix(application, starlette):
    """
    Requests that are served at once each name their own endpoint.
    """
    import asyncio

    from support.asgi import _run, _scope

    paths = {"/sync": "sync", "/later": "later", "/decorated": "decorated", "/ours": "ours"}

    async def main():
        await asyncio.gather(
            *(
                _run(starlette, _scope("http", path, "GET"), [{"type": "http.request"}])
                for path in [*paths] * 25
            )
        )

    asyncio.run(main())
    served = [s for s in application.memory.get_finished_spans() if s.kind is SpanKind.SERVER]
    assert len(served) == 100
    for span in served:
        path = span.attributes.get("http.target") or span.attributes["url.path"]
        assert span.attributes["code.function.name"] == f"shop.endpoints.{paths[path]}"


def test_what_the_server_span_says_stays(application, endpoints):
    """
    An origin that the opener of the server span gave is not overwritten by the handler's.
    """
    app = endpoints.starlette()

    async def around(scope, receive, send):
        said = {"aiprov.origin": "mixed"}
        tracer = application.tracer
        with tracer.start_as_current_span("serve", kind=SpanKind.SERVER, attributes=said):
            await app(scope, receive, send)

    assert request(around, "/later") == 200
    assert dict(server(application)) == {"aiprov.origin": "mixed"}


def test_after_uninstall_nothing_is_named(application, starlette):
    """
    The routes are Starlette's own again.
    """
    from starlette.routing import Route

    assert hasattr(Route.handle, "__wrapped__")
    aiprov_otel.install().uninstall()
    assert not hasattr(Route.handle, "__wrapped__")
    assert request(starlette, "/later") == 200
    assert "aiprov.origin" not in server(application)


SERVICE = """
import sys
{before}
import aiprov_otel
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
memory, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
installation = aiprov_otel.install(manifest="aiprov.manifest", tracer_provider=provider)
{after}
import shop.endpoints
from support.asgi import request
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
app = OpenTelemetryMiddleware(shop.endpoints.starlette(), tracer_provider=provider)
request(app, "/later")
served = [span for span in memory.get_finished_spans() if span.kind.name == "SERVER"]
print([span.attributes.get("code.function.name") for span in served])
"""


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("import starlette.routing, fastapi", "", True),
        ("", "assert 'starlette' not in sys.modules", True),
        ("", "installation.uninstall()", False),
    ],
    ids=["before", "after", "uninstalled"],
)
def test_the_framework_may_come_before_or_after(application, before, after, named):
    """
    Imported before or after `install()`, it is met; after uninstall it is left alone.
    """
    from pathlib import Path

    application.write("shop/endpoints.py", ENDPOINTS)
    application.manifest()
    asked = SERVICE.format(before=before, after=after)
    tests = str(Path(__file__).parents[2])

    said = run(asked, application.folder, PYTHONPATH=tests).strip()
    assert said == ("['shop.endpoints.later']" if named else "[None]")


def test_a_framework_that_changed_breaks_nothing(application, monkeypatch, caplog):
    """
    Routes without the method that we meet are said once, and the service goes on.
    """
    from starlette import routing

    monkeypatch.delenv("AIPROV_STRICT")
    monkeypatch.setattr(routing, "Route", object)
    guard._warned.clear()
    application.install()

    (said,) = (message for message in caplog.messages if "framework-changed" in message)
    assert said.startswith("starlette.routing names no handlers")
    assert said.endswith("(framework-changed)")


def test_both_kinds_of_application_are_plain(endpoints):
    """
    Nothing of ours shows in the application itself.
    """
    assert type(endpoints.starlette()) is Starlette
    assert type(endpoints.fastapi()) is FastAPI
