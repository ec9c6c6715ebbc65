"""Litestar, as uvicorn loads it."""

import harness

harness.start()

import uvicorn
import work
from litestar import Litestar, Request, Response, get
from starlette.testclient import TestClient


@get("/cases/{name:str}")
async def do(request: Request) -> str:
    work.WORK[request.path_params["name"]]()
    return ""


@get("/returned-500")
async def returned_500() -> Response[str]:
    return Response("failed", status_code=500)


def refuse(_: object, __: work.Wrong) -> Response[str]:
    return Response("wrong", status_code=422)


config = uvicorn.Config(Litestar([do, returned_500], exception_handlers={work.Wrong: refuse}))
config.load()
client = TestClient(config.loaded_app, raise_server_exceptions=False)
harness.run(
    {name: lambda name=name: client.get(f"/cases/{name}") for name in work.FEW}
    | {"returned_500": lambda: client.get("/returned-500")}
)
