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
        try:
            work.WORK[name]()
        except work.Wrong:  # with an error handler, the instrumentation reports 500
            response.status = falcon.HTTP_422


class Returned:
    def on_get(self, request, response):
        response.status = falcon.HTTP_500


app = falcon.App()
app.add_route("/cases/{name}", Work())
app.add_route("/returned-500", Returned())
client = falcon.testing.TestClient(app)
harness.run(
    {name: lambda name=name: client.simulate_get(f"/cases/{name}") for name in work.FEW}
    | {"returned_500": lambda: client.simulate_get("/returned-500")}
)
