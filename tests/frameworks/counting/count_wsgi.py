"""A WSGI application on no framework, as Werkzeug's server loads it."""

import harness

harness.start()

import work
from werkzeug.serving import make_server
from werkzeug.test import Client


def application(environ, start_response):
    start_response(answer(environ["PATH_INFO"]), [])
    return []


def answer(path):
    name = path.removeprefix("/")
    if name == "logged_500":
        work.logged()
    if name.endswith("_500"):
        return "500 Internal Server Error"
    try:
        work.WORK[name]()
    except work.Wrong:
        return "422 Unprocessable Content"
    return "200 OK"


with make_server("127.0.0.1", 0, application) as server:
    client = Client(server.app)
harness.run(
    {
        **{
            name: lambda name=name: client.get(f"/{name}")
            for name in (*work.FEW, "returned_500", "logged_500")
        },
        "call_handled": work.call_handled,
        "call_escaped": work.call_escaped,
    }
)
