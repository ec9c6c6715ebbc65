"""Starlette."""

import harness

harness.start()

import work
from opentelemetry.instrumentation.starlette import StarletteInstrumentor
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient


def do(request):
    work.WORK[request.path_params["name"]]()
    return PlainTextResponse("")


def returned_500(request):
    return PlainTextResponse("failed", 500)


def refuse(request, error):
    return PlainTextResponse("wrong", 422)


app = Starlette(
    routes=[Route("/cases/{name}", do), Route("/returned-500", returned_500)],
    exception_handlers={work.Wrong: refuse},
)
StarletteInstrumentor.instrument_app(app)
client = TestClient(app, raise_server_exceptions=False)
harness.run(
    {name: lambda name=name: client.get(f"/cases/{name}") for name in work.FEW}
    | {"returned_500": lambda: client.get("/returned-500")}
)
