"""Bottle, as Werkzeug's server loads it."""

import harness

harness.start()

import bottle
import work
from werkzeug.serving import make_server
from werkzeug.test import Client

app = bottle.Bottle()


@app.get("/cases/<name>")
def do(name):
    try:
        work.WORK[name]()
    except work.Wrong:
        bottle.response.status = 422


@app.get("/returned-500")
def returned_500():
    bottle.response.status = 500


with make_server("127.0.0.1", 0, app) as server:
    client = Client(server.app)
harness.run(
    {name: lambda name=name: client.get(f"/cases/{name}") for name in work.FEW}
    | {"returned_500": lambda: client.get("/returned-500")}
)
