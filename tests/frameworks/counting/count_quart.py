"""Quart, as uvicorn loads it."""

import harness

harness.start()

import uvicorn
import work
from quart import Quart
from starlette.testclient import TestClient

app = Quart(__name__)


@app.get("/cases/<name>")
async def do(name):
    work.WORK[name]()
    return ""


@app.get("/returned-500")
async def returned_500():
    return "failed", 500


@app.errorhandler(work.Wrong)
async def refuse(error):
    return "wrong", 422


config = uvicorn.Config(app)
config.load()
client = TestClient(config.loaded_app, raise_server_exceptions=False)
harness.run(
    {name: lambda name=name: client.get(f"/cases/{name}") for name in work.FEW}
    | {"returned_500": lambda: client.get("/returned-500")}
)
