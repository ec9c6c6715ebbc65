"""Applications that no framework's instrumentation knows, on each server that loads them."""

from __future__ import annotations

import sys
from functools import partial

import pytest
from opentelemetry.sdk.trace import TracerProvider

from aiprov_otel import install
from aiprov_otel.runtime import servers
from aiprov_otel.runtime.servers._cover import cover
from support.application import Remembering
from support.origins import assert_failed_by_a_person, assert_work_is_named, handler
from support.service import executable, service

pytest.importorskip("opentelemetry.instrumentation.wsgi")

INSTRUMENTED = ["sqlite3", "threading"]
FILES = ["raw_app.py", "stock.py"]
ASGI = ("raw_app.asgi", "human")
WSGI = ("raw_app.Wsgi.__call__", "ai")


def _own(name: str) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import raw_app; raw_app.serve_{name}({{port}})")


SERVERS = {
    "uvicorn": (("uvicorn", "--port", "{port}", "raw_app:asgi"), ASGI),
    "hypercorn": (("hypercorn", "--bind", "127.0.0.1:{port}", "raw_app:asgi"), ASGI),
    "hypercorn-wsgi": (("hypercorn", "--bind", "127.0.0.1:{port}", "wsgi:raw_app:wsgi"), WSGI),
    "gunicorn": (("gunicorn", "--bind", "127.0.0.1:{port}", "raw_app:wsgi"), WSGI),
    "daphne": (("daphne", "--port", "{port}", "raw_app:asgi"), ASGI),
    "cheroot": (_own("cheroot"), WSGI),
    "gevent": (_own("gevent"), WSGI),
    "waitress": (_own("waitress"), WSGI),
    "werkzeug": (_own("werkzeug"), WSGI),
    "wsgiref": (_own("wsgiref"), WSGI),
}


@pytest.fixture(scope="module", params=SERVERS)
def served(request, tmp_path_factory):
    """A server with its application, and the function that serves every request."""
    name = request.param.partition("-")[0]
    pytest.importorskip(name)
    (program, *words), expected = SERVERS[request.param]
    if program != sys.executable:
        program = executable(program)
    folder = tmp_path_factory.mktemp("served")
    with service(folder, program, *words, files=FILES, instrumented=INSTRUMENTED) as running:
        yield running, expected


def test_a_request_has_one_server_span(served):
    """
    Of a callable that is served as it is, with the function that served it as the handler.
    """
    running, expected = served

    answer = running.request("/item")

    assert (answer.status, handler(answer.entry)) == (200, expected)
    assert_work_is_named(answer)


def test_what_failed_has_an_origin(served):
    """
    An exception that reaches the server is recorded once, by the line that raised it.
    """
    running, expected = served

    answer = running.request("/fail")

    assert handler(answer.entry) == expected
    assert_failed_by_a_person(answer.entry)


@pytest.mark.parametrize(("main", "expected"), [("main", WSGI), ("main_asgi", ASGI)])
def test_a_request_is_no_part_of_the_function_that_serves(tmp_path, main, expected):
    """
    It is a request, and its error escaped, though a function that serves for ever has a span too.
    """
    command = (sys.executable, "-c", f"import raw_app; raw_app.{main}({{port}})")
    packages = {"AIPROV_PACKAGES": "raw_app=spans"}
    with service(tmp_path, *command, files=FILES, instrumented=INSTRUMENTED, **packages) as running:
        answer = running.request("/fail")

    assert handler(answer.entry) == expected
    assert answer.entry.span_attributes["aiprov.error.outcome"] == "escaped"
    assert_failed_by_a_person(answer.entry)


@pytest.mark.parametrize("server", servers.SERVERS, ids=lambda each: each.MODULE)
def test_what_was_replaced_is_put_back(server):
    """
    Each server has what we replace, and has it back after `uninstall()`.
    """
    module, patches = pytest.importorskip(server.MODULE), Remembering()
    server.instrument(module, patches)

    assert patches.before
    patches.undo()
    assert all(vars(owner).get(name) is original for owner, name, original in patches.before)


def test_an_application_that_has_spans_is_left_alone():
    """
    Behind any middleware: one of an instrumented framework, and one that is wrapped by hand.
    """
    from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

    def application(environ, start_response):
        return []

    class Instrumented:
        _is_instrumented_by_opentelemetry = True

        def __call__(self, environ, start_response):
            return []

    def decorated(app):
        def call(environ, start_response):
            return app(environ, start_response)

        return call

    installation = install(tracer_provider=TracerProvider())
    try:
        for made in (OpenTelemetryMiddleware(application), Instrumented()):
            for around in (made, decorated(made), partial(made)):
                assert cover(around) is around
        assert isinstance(cover(application), OpenTelemetryMiddleware)
    finally:
        installation.uninstall()
    assert cover(application) is application
