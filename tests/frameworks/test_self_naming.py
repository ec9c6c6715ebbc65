"""Bottle, CherryPy, Litestar, Pyramid and Quart on real servers: handlers name server spans."""

from __future__ import annotations

import pytest

from support.origins import assert_failed_by_a_person, assert_work_is_named, handler
from support.service import executable, service

GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}")
UVICORN = ("uvicorn", "--port", "{port}")
SERVED = {
    "bottle": (GUNICORN, "wsgi"),
    "cherrypy": (GUNICORN, "wsgi"),
    "litestar": (UVICORN, "asgi"),
    "pyramid": (GUNICORN, "pyramid"),
    "quart": (UVICORN, "asgi"),
}
"""By framework: its server, and the instrumentation that makes the server span."""


@pytest.fixture(scope="module")
def app(request, tmp_path_factory):
    """The application of a framework, as its server loads it."""
    (program, *options), instrumentation = SERVED[request.param]
    pytest.importorskip(request.param)
    pytest.importorskip(f"opentelemetry.instrumentation.{instrumentation}")
    folder, module = tmp_path_factory.mktemp(request.param), f"{request.param}_app"
    command = (executable(program), *options, f"{module}:app")
    # Those of ASGI and WSGI are applied by the server's own hook.
    of_framework = ["pyramid"] if instrumentation == "pyramid" else []
    instrumented = [*of_framework, "sqlite3", "threading"]
    files = [f"{module}.py", "stock.py"]
    with service(folder, *command, files=files, instrumented=instrumented) as running:
        yield running


@pytest.mark.parametrize(
    ("app", "path", "method", "status", "name", "origin"),
    [
        ("bottle", "/item", "GET", 200, "item", "ai"),
        ("bottle", "/item", "POST", 200, "add_item", "human"),
        ("bottle", "/away", "GET", 410, "away", "ai"),
        ("cherrypy", "/item", "GET", 200, "Root.item", "ai"),
        ("cherrypy", "/shelf/", "GET", 200, "Shelf.index", "human"),
        ("cherrypy", "/away", "GET", 410, "Root.away", "ai"),
        ("litestar", "/item", "GET", 200, "item", "ai"),
        ("litestar", "/item", "POST", 201, "add_item", "human"),
        ("litestar", "/shelf", "GET", 200, "Shelf.shown", "human"),
        ("pyramid", "/item", "GET", 200, "item", "ai"),
        ("pyramid", "/shelf", "GET", 200, "Shelf.shown", "human"),
        ("quart", "/item", "GET", 200, "item", "ai"),
        ("quart", "/item", "POST", 200, "add_item", "human"),
        ("quart", "/shelf", "GET", 200, "Shelf.get", "human"),
    ],
    indirect=["app"],
)
def test_the_handler_is_named(request, app, path, method, status, name, origin):
    """
    Functions, coroutines, methods of a class, and a callback that answers by an exception.
    """
    answer = app.request(path, method)

    module = f"{request.node.callspec.params['app']}_app"
    assert (answer.status, handler(answer.entry)) == (status, (f"{module}.{name}", origin))


@pytest.mark.parametrize("app", SERVED, indirect=True)
def test_what_it_calls_is_named(app):
    """
    The spans below name what began them.
    """
    assert_work_is_named(app.request("/item"))


@pytest.mark.parametrize("app", SERVED, indirect=True)
def test_what_is_answered_with_a_500_is_recorded(app):
    """
    The framework turns the exception into an answer; its line is on the span.
    """
    answer = app.request("/fail")

    assert answer.status == 500
    assert_failed_by_a_person(answer.entry)


@pytest.mark.parametrize("app", ["litestar"], indirect=True)
def test_an_exception_with_an_odd_status_is_the_applications(app):
    """
    Its own handler of exceptions answers, as without us.
    """
    assert app.request("/odd").status == 418


@pytest.mark.parametrize("app", SERVED, indirect=True)
def test_an_unknown_path_has_no_handler(app):
    """
    Not found: no function is named for it, and it is no error.
    """
    answer = app.request("/no")

    assert (answer.status, handler(answer.entry)) == (404, None)
    assert answer.entry.status_code != "Error"
