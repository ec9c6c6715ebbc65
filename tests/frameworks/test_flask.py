"""Flask, under gunicorn's forked workers."""

from __future__ import annotations

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from aiprov_otel import install
from support.origins import assert_failed_by_a_person, assert_work_is_named, handler
from support.rush import assert_none_has_a_neighbour_s
from support.service import executable, service

pytest.importorskip("flask")


@pytest.fixture(scope="module", params=["sync", "gthread"])
def flask(request, tmp_path_factory):
    """The application in two workers of one kind."""
    gunicorn = f"gunicorn --workers 2 --threads 2 --worker-class {request.param} flask_app:app"
    with service(
        tmp_path_factory.mktemp("flask"),
        executable("gunicorn"),
        *gunicorn.split()[1:],
        *("--bind", "127.0.0.1:{port}"),
        files=["flask_app.py", "stock.py"],
        instrumented=["flask", "sqlite3", "threading"],
    ) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "method", "name", "origin"),
    [
        ("/plain", "GET", "plain", "ai"),
        ("/decorated", "GET", "wrapped", "human"),
        ("/partial", "GET", "configured", "ai"),
        ("/later", "GET", "later", "ai"),
        ("/item", "GET", "Item.get", "ai"),
        ("/item", "HEAD", "Item.get", "ai"),
        ("/item", "POST", "Item.post", "human"),
        ("/page", "GET", "Page.dispatch_request", "ai"),
        ("/below/plain", "GET", "sub", "ai"),
        ("/stream", "GET", "stream", "ai"),
    ],
)
def test_the_view_is_named(flask, path, method, name, origin):
    """
    Functions, decorated, partial and async, methods of a class, of the application and below it.
    """
    answer = flask.request(path, method)

    assert (answer.status, handler(answer.entry)) == (200, (f"flask_app.{name}", origin))


@pytest.mark.parametrize(("path", "method", "status"), [("/no", "GET", 404), ("/page", "PUT", 405)])
def test_flask_s_own_answers_have_no_handler(flask, path, method, status):
    """
    Not found, not allowed: no function is named for it.
    """
    answer = flask.request(path, method)

    assert (answer.status, handler(answer.entry)) == (status, None)


def test_what_a_view_does_is_named(flask):
    """
    Client and internal spans below a view, here and in a thread, name the function they are of.
    """
    assert_work_is_named(flask.request("/work"))


def test_a_process_pool(flask):
    """
    A span in a process that a worker forked names its function too.
    """
    answer = flask.request("/process")

    attributes = answer.span("in a process").span_attributes
    assert attributes["code.function.name"] == "stock.elsewhere"
    assert attributes["aiprov.unit"] == "caller"


def test_a_failing_view(flask):
    """
    The exception names the line that raised, and so does the server span that it failed.
    """
    answer = flask.request("/fail")

    assert answer.status == 500
    assert handler(answer.entry) == ("flask_app.failing", "ai")
    assert_failed_by_a_person(answer.entry)


def test_a_returned_error_is_its_view_s(flask):
    """
    A view that answers 503 fails its span without an exception.
    """
    entry = flask.request("/refused").entry

    assert (entry.status_code, handler(entry)) == ("Error", ("flask_app.refused", "ai"))
    assert "aiprov.error.origin" not in entry.span_attributes


def test_requests_at_once_do_not_mix(flask):
    """
    Requests over connections that are kept alive each name their own view, or none.
    """
    views = {"/plain": "plain", "/decorated": "wrapped", "/page": "Page.dispatch_request"}
    assert_none_has_a_neighbour_s(flask, "flask_app", {**views, "/no": None})


def test_a_request_that_the_debugger_keeps():
    """
    Its span ends with the exception that left the application, though Flask keeps its context.
    """
    from flask import Flask
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    from werkzeug.test import Client

    class Keeping(Flask):
        """As Flask was before 2.2, with its debugger."""

        def request_context(self, environ):
            context = super().request_context(environ)
            context.pop = lambda error: None
            return context

    def failing():
        raise KeyError("apple")

    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    application = Keeping("shop")
    application.testing = True
    application.add_url_rule("/", view_func=failing)
    with install(tracer_provider=provider):
        FlaskInstrumentor.instrument_app(application, tracer_provider=provider)
        with pytest.raises(KeyError, match="apple"):
            Client(application).get("/")

    (span,) = kept.get_finished_spans()
    assert [event.name for event in span.events] == ["exception"]
    assert not trace.get_current_span().is_recording()
