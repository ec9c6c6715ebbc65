"""Falcon applications, for WSGI and for ASGI."""

import asyncio

import falcon
import falcon.asgi
import stock
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware


def checked(req, resp, resource, params):
    pass


async def checked_later(req, resp, resource, params):
    pass


class Item:
    def on_get(self, req, resp):
        resp.text = "got"

    def on_post(self, req, resp):  # human
        resp.text = "posted"  # human

    def on_get_shown(self, req, resp, name):
        resp.text = name


class Decorated:
    @falcon.before(checked)
    def on_get(self, req, resp):  # human
        resp.text = "ok"  # human


class Work:
    def on_get(self, req, resp):
        stock.work()


class Failing:
    def on_get(self, req, resp):
        stock.fail()


def sink(req, resp, **kwargs):
    resp.text = "sunk"


def make():
    app, item = falcon.App(), Item()
    app.add_route("/item", item)
    app.add_route("/item/{name}", item, suffix="shown")
    app.add_route("/decorated", Decorated())
    app.add_route("/work", Work())
    app.add_route("/fail", Failing())
    app.add_sink(sink, "/sink")
    return app


class Later:
    async def on_get(self, req, resp):
        await asyncio.sleep(0)
        resp.text = "got"

    async def on_post(self, req, resp):  # human
        resp.text = "posted"  # human


class DecoratedLater:
    @falcon.before(checked_later)
    async def on_get(self, req, resp):  # human
        resp.text = "ok"  # human


class WorkLater:
    async def on_get(self, req, resp):
        await asyncio.to_thread(stock.work)


class FailingLater:
    async def on_get(self, req, resp):
        await asyncio.sleep(0)
        stock.fail()


class Talk:
    async def on_websocket(self, req, ws):  # human
        await ws.accept()  # human
        await ws.send_text(await ws.receive_text())  # human
        await ws.close()  # human


async def sink_later(req, resp, **kwargs):
    resp.text = "sunk"


def make_asgi():
    app = falcon.asgi.App()
    app.add_route("/item", Later())
    app.add_route("/decorated", DecoratedLater())
    app.add_route("/work", WorkLater())
    app.add_route("/fail", FailingLater())
    app.add_route("/talk", Talk())
    app.add_sink(sink_later, "/sink")
    return OpenTelemetryMiddleware(app)


wsgi = make()
asgi = make_asgi()
