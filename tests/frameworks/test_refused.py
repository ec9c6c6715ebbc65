"""A handler that a framework or a decorator refuses to call is not named; an allowed one is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from support.application import Application, run

PROLOGUE = """
import asyncio, functools, logging
import aiprov_otel
aiprov_otel.install()
logging.disable(logging.CRITICAL)
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("an instrumentation")

def served(call):
    exporter.clear()
    with tracer.start_as_current_span("request", kind=trace.SpanKind.SERVER):
        call()
    print(exporter.get_finished_spans()[-1].attributes.get("code.function.name"))
"""
DECORATOR = """
import functools


def allowed(function):
    @functools.wraps(function)
    def check(*args, **kwargs):
        return function(*args, **kwargs) if ALLOWED else REFUSE()
    return check


ALLOWED, REFUSE = True, None
"""
FLASK = (
    """
from auth import allowed


@allowed
def item():
    return "apple"
""",
    """
import auth, shop
from flask import Flask
auth.REFUSE = lambda: ("no", 403)
app = Flask("app")
app.add_url_rule("/item", view_func=shop.item)
for auth.ALLOWED in (True, False):
    served(lambda: app.test_client().get("/item"))
""",
)
DJANGO = (
    """
from django.http import HttpResponse
from auth import allowed


@allowed
def item(request):
    return HttpResponse("apple")
""",
    """
from django.conf import settings
settings.configure(SECRET_KEY="x", ROOT_URLCONF="__main__", ALLOWED_HOSTS=["*"], MIDDLEWARE=[],
                   LOGGING_CONFIG=None)
import django
django.setup()
import auth, shop
from django.http import HttpResponse
from django.test import Client
from django.urls import path
urlpatterns = [path("item", shop.item)]
auth.REFUSE = lambda: HttpResponse(status=403)
for auth.ALLOWED in (True, False):
    served(lambda: Client().get("/item"))
""",
)
REST = (
    """
from rest_framework.permissions import BasePermission
from rest_framework.response import Response
from rest_framework.views import APIView


class Allowed(BasePermission):
    def has_permission(self, request, view):
        return ALLOWED


class Item(APIView):
    permission_classes = [Allowed]
    authentication_classes = []

    def get(self, request):
        return Response("apple")
""",
    """
from django.conf import settings
settings.configure(SECRET_KEY="x", ROOT_URLCONF="__main__", ALLOWED_HOSTS=["*"], MIDDLEWARE=[],
                   LOGGING_CONFIG=None, INSTALLED_APPS=["rest_framework"],
                   REST_FRAMEWORK={"UNAUTHENTICATED_USER": None})
import django
django.setup()
import shop
from django.test import Client
from django.urls import path
urlpatterns = [path("item", shop.Item.as_view())]
for shop.ALLOWED in (True, False):
    served(lambda: Client().get("/item"))
""",
)
FALCON = (
    """
import falcon


def check(req, resp, resource, params):
    if not ALLOWED:
        raise falcon.HTTPForbidden


class Item:
    @falcon.before(check)
    def on_get(self, req, resp):
        resp.text = "apple"
""",
    """
import falcon, falcon.testing, shop
app = falcon.App()
app.add_route("/item", shop.Item())
for shop.ALLOWED in (True, False):
    served(lambda: falcon.testing.TestClient(app).simulate_get("/item"))
""",
)
STARLETTE = (
    """
from starlette.responses import PlainTextResponse
from auth import allowed


@allowed
def item(request):
    return PlainTextResponse("apple")
""",
    """
import auth, shop
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from support.asgi import request
auth.REFUSE = lambda: PlainTextResponse("no", 403)
app = Starlette(routes=[Route("/item", shop.item)])
for auth.ALLOWED in (True, False):
    served(lambda: request(app, "/item"))
""",
)
AIOHTTP = (
    """
import functools
from aiohttp import web


def allowed(function):
    @functools.wraps(function)
    async def check(request):
        if not ALLOWED:
            raise web.HTTPForbidden
        return await function(request)
    return check


@allowed
async def item(request):
    return web.Response(text="apple")
""",
    """
from opentelemetry.instrumentation.aiohttp_server import AioHttpServerInstrumentor
AioHttpServerInstrumentor().instrument()
import shop
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

async def ask():
    app = web.Application()
    app.router.add_get("/item", shop.item)
    async with TestClient(TestServer(app)) as client:
        for shop.ALLOWED in (True, False):
            await client.get("/item")

asyncio.run(ask())
for span in exporter.get_finished_spans():
    print(span.attributes.get("code.function.name"))
""",
)
CELERY = (
    """
from celery import Celery
from auth import allowed

app = Celery("shop", broker="memory://")


@app.task
@allowed
def item():
    return "apple"
""",
    """
import auth, shop
auth.REFUSE = lambda: "no"
for auth.ALLOWED in (True, False):
    served(lambda: shop.item.apply())
""",
)
TORNADO = (
    """
from tornado.web import HTTPError, RequestHandler
from auth import allowed


class Item(RequestHandler):
    @allowed
    def get(self):
        self.write("apple")


class Prepared(RequestHandler):
    def prepare(self):
        if not ALLOWED:
            raise HTTPError(403)

    def get(self):
        self.write("apple")
""",
    """
from opentelemetry.instrumentation.tornado import TornadoInstrumentor
TornadoInstrumentor().instrument()
import auth, shop, sys
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, HTTPError

def refuse():
    raise HTTPError(403)

auth.REFUSE = refuse

async def ask():
    listening, port = bind_unused_port()
    server = HTTPServer(Application([("/Item", shop.Item), ("/Prepared", shop.Prepared)]))
    server.add_socket(listening)
    for auth.ALLOWED in (True, False):
        shop.ALLOWED = auth.ALLOWED
        await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/{WHICH}", raise_error=False)
    server.stop()

asyncio.run(ask())
for span in exporter.get_finished_spans():
    if span.kind is trace.SpanKind.SERVER:
        print(span.attributes.get("code.function.name"))
""",
)
GRPC = (
    """
import grpc
from auth import allowed


class Stock:
    @allowed
    def item(self, request, context):
        return b"apple"


class Gate(grpc.ServerInterceptor):
    def intercept_service(self, go_on, details):
        if ALLOWED:
            return go_on(details)
        return None
""",
    """
from opentelemetry.instrumentation.grpc import GrpcInstrumentorServer
GrpcInstrumentorServer().instrument()
import auth, shop
import grpc
from concurrent.futures import ThreadPoolExecutor

def refuse():
    raise PermissionError

auth.REFUSE = refuse
item = grpc.unary_unary_rpc_method_handler(shop.Stock().item)
server = grpc.server(ThreadPoolExecutor(1), interceptors=[shop.Gate()])
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("Stock", {"item": item}),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
    for allowed in (True, False):
        auth.ALLOWED, shop.ALLOWED = allowed or WHICH == "gate", allowed or WHICH == "decorator"
        try:
            channel.unary_unary("/Stock/item")(b"", timeout=60)
        except grpc.RpcError:
            pass
server.stop(None).wait()
names = [span.attributes.get("code.function.name") for span in exporter.get_finished_spans()]
print(*names, *["None"] * (2 - len(names)))
""",
)
CASES = {
    "celery": (*CELERY, "shop.item"),
    "tornado": (TORNADO[0], f"WHICH = 'Item'{TORNADO[1]}", "shop.Item.get"),
    "tornado, prepared": (TORNADO[0], f"WHICH = 'Prepared'{TORNADO[1]}", "shop.Prepared.get"),
    "grpc": (GRPC[0], f"WHICH = 'decorator'{GRPC[1]}", "shop.Stock.item"),
    "grpc, intercepted": (GRPC[0], f"WHICH = 'gate'{GRPC[1]}", "shop.Stock.item"),
    "flask": (*FLASK, "shop.item"),
    "django": (*DJANGO, "shop.item"),
    "rest_framework": (*REST, "shop.Item.get"),
    "falcon": (*FALCON, "shop.Item.on_get"),
    "starlette": (*STARLETTE, "shop.item"),
    "aiohttp": (*AIOHTTP, "shop.item"),
}


@pytest.mark.skipif(
    sys.version_info < (3, 12), reason="before, Python can't tell when a function starts"
)
@pytest.mark.parametrize("framework", CASES)
def test_a_refused_handler_is_not_named(tmp_path, framework):
    """
    Below a permission check or a decorator, the handler names the request only where it ran.
    """
    pytest.importorskip(framework.partition(",")[0])
    source, program, name = CASES[framework]
    application = Application(tmp_path)
    application.write("auth.py", DECORATOR)
    application.write("shop.py", source)
    application.manifest()
    tests = str(Path(__file__).parents[1])
    answer = run(PROLOGUE + program, application.folder, sys.executable, PYTHONPATH=tests)

    assert answer.split() == [name, "None"]
