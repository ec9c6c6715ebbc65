"""A FastAPI application, with a Starlette one below it."""

import asyncio

import stock
from fastapi import APIRouter, Depends, FastAPI
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Route

app, below = FastAPI(), APIRouter(prefix="/below")


def helper():
    return 1


@app.get("/plain")
def plain(one=Depends(helper)):  # noqa: B008
    return "ok"


@app.get("/later")
async def later():  # human
    await asyncio.sleep(0)  # human
    return "ok"  # human


@below.get("/plain")
def sub():
    return "ok"


app.include_router(below)


@app.get("/work")
def work():
    stock.work()


@app.get("/work-later")
async def work_later():
    await asyncio.to_thread(stock.work)


@app.get("/fail")
def failing():
    stock.fail()


@app.get("/fail-later")
async def failing_later():
    await asyncio.sleep(0)
    stock.fail()


class Item(HTTPEndpoint):
    async def get(self, request):
        return PlainTextResponse("got")


app.mount("/mounted", Starlette(routes=[Route("/item", Item)]))
