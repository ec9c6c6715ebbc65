"""Flask."""

import harness

harness.start()

import work
from flask import Flask, Response, abort, request
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor

app = Flask("shop")
FlaskInstrumentor().instrument_app(app)
SQLite3Instrumentor().instrument()


@app.errorhandler(work.Wrong)
def refuse(error):
    return "wrong", 422


@app.errorhandler(ZeroDivisionError)
def convert(error):
    return "failed", 500


@app.get("/cases/<name>")
def do(name):
    work.WORK[name]()
    return ""


@app.get("/converting")
def converting():
    work.fail(ZeroDivisionError)


@app.get("/returned-500")
def returned_500():
    return "failed", 500


@app.get("/logged-500")
def logged_500():
    work.logged()
    return "failed", 500


@app.get("/returned-404")
def returned_404():
    return "none", 404


@work.provenance
def missing():
    abort(404)


@app.get("/raised-404")
def raised_404():
    missing()


@app.post("/validated")
def validated():
    return str(request.get_json(force=True)["number"])


@app.get("/streaming")
def streaming():
    return Response(map(str, work.numbers()))


client = app.test_client()
harness.run(
    {name: lambda name=name: client.get(f"/cases/{name}") for name in work.WORK}
    | {
        path: lambda path=path: client.get(f"/{path.replace('_', '-')}")
        for path in ("converting", "returned_500", "logged_500", "returned_404", "raised_404")
    }
    | {
        "validated": lambda: client.post("/validated", data="no JSON"),
        "streaming": lambda: client.get("/streaming").data,
    }
)
