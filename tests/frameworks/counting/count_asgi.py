"""An ASGI application on no framework, as uvicorn loads it."""

import harness

harness.start()

import uvicorn
import work
from starlette.testclient import TestClient


async def application(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": answer(scope["path"]), "headers": []})
        await send({"type": "http.response.body", "body": b""})


def answer(path):
    name = path.removeprefix("/")
    if name == "logged_500":
        work.logged()
    if name.endswith("_500"):
        return 500
    try:
        work.WORK[name]()
    except work.Wrong:
        return 422
    return 200


config = uvicorn.Config(application)
config.load()
client = TestClient(config.loaded_app, raise_server_exceptions=False)
harness.run(
    {
        name: lambda name=name: client.get(f"/{name}")
        for name in (*work.FEW, "returned_500", "logged_500")
    }
)
