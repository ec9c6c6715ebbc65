"""An aiohttp.web application."""

import asyncio
import functools
import sys

import stock
from aiohttp import web

routes = web.RouteTableDef()


@web.middleware
async def guarding(request, handler):
    if request.path == "/refused":
        raise web.HTTPForbidden
    return await handler(request)


@routes.get("/plain")
async def plain(request):
    await asyncio.sleep(0)
    return web.Response(text="ok")


@routes.get("/refused")
async def refused(request):
    return web.Response(text="never")


def decorated(handler):
    @functools.wraps(handler)
    async def around(*args, **kwargs):
        return await handler(*args, **kwargs)

    return around


@routes.get("/decorated")
@decorated
async def wrapped(request):  # human
    return web.Response(text="ok")  # human


async def configured(request, word):
    return web.Response(text=word)


@routes.view("/item")
class Item(web.View):
    async def get(self):
        return web.Response(text="got")

    async def post(self):  # human
        return web.Response(text="posted")  # human


class Shelf:
    async def show(self, request):
        return web.Response(text="shown")


@routes.get("/work")
async def work(request):
    await asyncio.to_thread(stock.work)
    return web.Response(text="ok")


@routes.get("/fail")
async def failing(request):
    stock.fail()


@routes.get("/unavailable")
async def unavailable(request):
    raise web.HTTPServiceUnavailable


@routes.get("/stream")
async def stream(request):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"a")
    return response


async def sub(request):
    return web.Response(text="ok")


def make():
    app, below = web.Application(middlewares=[guarding]), web.Application()
    app.add_routes(routes)
    app.router.add_get("/partial", functools.partial(configured, word="x"))
    app.router.add_get("/bound", Shelf().show)
    below.router.add_get("/plain", sub)
    app.add_subapp("/below", below)
    return app


if __name__ == "__main__":
    import aiohttp_app

    web.run_app(aiohttp_app.make(), host="127.0.0.1", port=int(sys.argv[1]))
