"""FastAPI: routes, parameters and dependencies by signature, background tasks, its description."""

import asyncio
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel

log = []


class Item(BaseModel):
    name: str
    price: int = 1


async def lifespan_of(app):
    log.append("up")
    yield
    log.append("down")


app = FastAPI(lifespan=asynccontextmanager(lifespan_of))
router = APIRouter(prefix="/items", tags=["items"])


def page(offset: int = 0, limit: int = 10):
    return {"offset": offset, "limit": limit}


async def session():
    log.append("open")
    try:
        yield "session"
    finally:
        log.append("closed")


class Checker:
    def __init__(self, word):
        self.word = word

    def __call__(self, x_word: Annotated[str, Header()] = ""):
        if x_word != self.word:
            raise HTTPException(403, "say the word")
        return self.word


Word = Annotated[str, Depends(Checker("please"))]


@router.get("/{number}", summary="One")
async def one(number: int, paged: Annotated[dict, Depends(page)], kept=Depends(session)):
    """Gives one."""
    return {"number": number, "page": paged, "session": kept}


@router.post("/", status_code=201)
def made(item: Item, tasks: BackgroundTasks, word: Word) -> Item:
    tasks.add_task(log.append, f"after {item.name}")
    return item.model_copy(update={"price": item.price * 2})


@app.get("/fails")
async def fails():
    raise KeyError("x")


@app.exception_handler(KeyError)
async def handled(request: Request, error: KeyError):
    return PlainTextResponse(f"no {error}", status_code=418)


@app.middleware("http")
async def timed(request: Request, call_next):
    answered = await call_next(request)
    answered.headers["x-seen"] = request.url.path
    return answered


@app.get("/stream", response_class=StreamingResponse)
async def stream():
    async def parts():
        for each in "abc":
            yield each

    return StreamingResponse(parts())


@app.websocket("/ws")
async def talks(websocket, word: str = "hello"): ...


app.include_router(router)


async def asked():
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://shop") as client,
    ):
        return [
            await client.get("/items/3?limit=2"),
            await client.get("/items/x"),
            await client.post("/items/", json={"name": "a"}, headers={"x-word": "please"}),
            await client.post("/items/", json={"name": "a"}),
            await client.get("/fails"),
            await client.get("/stream"),
        ]


def answer():
    log.clear()
    answers = asyncio.run(asked())
    return {
        "answers": [(each.status_code, each.text, each.headers["x-seen"]) for each in answers],
        "description": app.openapi(),
        "routes": [(each.path, each.name) for each in app.routes if hasattr(each, "name")],
        "log": log,
    }
