"""Litestar, under uvicorn."""

from __future__ import annotations

import pytest

from support.origins import assert_failed_by_a_person, assert_work_is_named, handler
from support.service import executable, service

pytest.importorskip("litestar")
pytest.importorskip("opentelemetry.instrumentation.asgi")

FILES = ["litestar_app.py", "stock.py"]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The application, as its server loads it."""
    folder = tmp_path_factory.mktemp("litestar")
    command = (executable("uvicorn"), "--port", "{port}", "litestar_app:app")
    instrumented = ["sqlite3", "threading"]
    with service(folder, *command, files=FILES, instrumented=instrumented) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "method", "status", "name", "origin"),
    [
        ("/item", "GET", 200, "item", "ai"),
        ("/item", "POST", 201, "add_item", "human"),
        ("/shelf", "GET", 200, "Shelf.shown", "human"),
    ],
)
def test_the_handler_is_named(app, path, method, status, name, origin):
    """
    Coroutines, functions that run in a thread, methods of a controller.
    """
    answer = app.request(path, method)

    assert (answer.status, handler(answer.entry)) == (status, (f"litestar_app.{name}", origin))


def test_what_it_calls_is_named(app):
    """
    The spans below name what began them.
    """
    assert_work_is_named(app.request("/item"))


def test_what_is_answered_with_a_500_is_recorded(app):
    """
    The framework turns the exception into an answer; its line is on the span.
    """
    answer = app.request("/fail")

    assert answer.status == 500
    assert_failed_by_a_person(answer.entry)


def test_an_unknown_path_has_no_handler(app):
    """
    Not found: no function is named for it, and it is no error.
    """
    answer = app.request("/no")

    assert (answer.status, handler(answer.entry)) == (404, None)
    assert answer.entry.status_code != "Error"
