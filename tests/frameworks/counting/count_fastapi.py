"""FastAPI."""

import harness

harness.start()

import work
from fastapi import BackgroundTasks, FastAPI, HTTPException, WebSocket
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.testclient import TestClient
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    number: int


@app.exception_handler(work.Wrong)
def refuse(request, error):
    return PlainTextResponse("wrong", 422)


@app.middleware("http")
async def convert(request, call_next):
    if request.url.path != "/converting":
        return await call_next(request)
    try:
        return await call_next(request)
    except KeyError:
        return PlainTextResponse("failed", 500)


@app.get("/cases/{name}")
def do(name: str):
    work.WORK[name]()


@app.get("/converting")
def converting():
    work.nested()


@app.get("/returned-500")
def returned_500():
    return PlainTextResponse("failed", 500)


@app.get("/logged-500")
def logged_500():
    work.logged()
    return PlainTextResponse("failed", 500)


@app.get("/returned-404")
def returned_404():
    return PlainTextResponse("none", 404)


@work.provenance
def missing():
    raise HTTPException(404, "none")


@app.get("/raised-404")
def raised_404():
    missing()


@app.post("/validated")
def validated(item: Item):
    return item


@app.get("/background")
def background(tasks: BackgroundTasks):
    tasks.add_task(work.nested)


streams = FastAPI()  # below that middleware, Starlette ends a stream that fails as if it were whole


@streams.get("/streaming")
def streaming():
    return StreamingResponse(map(str, work.numbers()))


@app.websocket("/websocket")
async def websocket(socket: WebSocket):
    await socket.accept()
    await socket.receive_text()
    work.nested()


FastAPIInstrumentor.instrument_app(app)
FastAPIInstrumentor.instrument_app(streams)
SQLite3Instrumentor().instrument()
client = TestClient(app, raise_server_exceptions=False)


def talk():
    with client.websocket_connect("/websocket") as socket:
        socket.send_text("x")
        socket.receive_text()


harness.run(
    {name: lambda name=name: client.get(f"/cases/{name}") for name in work.WORK}
    | {
        path: lambda path=path: client.get(f"/{path.replace('_', '-')}")
        for path in ("converting", "returned_500", "logged_500", "returned_404", "raised_404")
    }
    | {
        "validated": lambda: client.post("/validated", json={"number": "x"}),
        "background": lambda: client.get("/background"),
        "streaming": lambda: TestClient(streams, raise_server_exceptions=False).get("/streaming"),
        "websocket": talk,
    }
)
