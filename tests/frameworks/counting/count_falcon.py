"""Falcon."""

import harness

harness.start()

import falcon
import falcon.testing
import work
from opentelemetry.instrumentation.falcon import FalconInstrumentor

FalconInstrumentor().instrument()


class Work:
    def on_get(self, request, response, name):
        work.WORK[name]()


class Returned:
    def on_get(self, request, response):
        response.status = 500


def refuse(request, response, error, params):
    response.status = 422


app = falcon.App()
app.add_route("/work/{name}", Work())
app.add_route("/returned-500", Returned())
app.add_error_handler(work.Wrong, refuse)
client = falcon.testing.TestClient(app)
harness.run(
    {name: lambda name=name: client.simulate_get(f"/work/{name}") for name in work.FEW}
    | {"returned_500": lambda: client.simulate_get("/returned-500")}
)
