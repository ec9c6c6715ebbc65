"""aiohttp."""

import harness

harness.start()

import asyncio

from opentelemetry.instrumentation.aiohttp_server import AioHttpServerInstrumentor

AioHttpServerInstrumentor().instrument()

import work
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer


async def do(request):
    work.WORK[request.match_info["name"]]()
    return web.Response()


async def returned_500(request):
    return web.Response(status=500)


@web.middleware
async def refuse(request, handler):
    try:
        return await handler(request)
    except work.Wrong:
        return web.Response(status=422)


async def ask(path):
    app = web.Application(middlewares=[refuse])
    app.add_routes([web.get("/cases/{name}", do), web.get("/returned-500", returned_500)])
    async with TestClient(TestServer(app)) as client:
        await client.get(path)


harness.run(
    {name: lambda name=name: asyncio.run(ask(f"/cases/{name}")) for name in work.FEW}
    | {"returned_500": lambda: asyncio.run(ask("/returned-500"))}
)
