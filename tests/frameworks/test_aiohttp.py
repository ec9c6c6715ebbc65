"""aiohttp.web, on its own server."""

from __future__ import annotations

import sys

import pytest

from support.origins import assert_failed_by_a_person, assert_work_is_named, handler
from support.rush import assert_none_has_a_neighbour_s
from support.service import service

pytest.importorskip("aiohttp")


@pytest.fixture(scope="module")
def aiohttp(tmp_path_factory):
    """The application."""
    with service(
        tmp_path_factory.mktemp("aiohttp"),
        *(sys.executable, "aiohttp_app.py", "{port}"),
        files=["aiohttp_app.py", "stock.py"],
        instrumented=["aiohttp-server", "sqlite3", "threading"],
    ) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "method", "name", "origin"),
    [
        ("/plain", "GET", "plain", "ai"),
        ("/plain", "HEAD", "plain", "ai"),
        ("/decorated", "GET", "wrapped", "human"),
        ("/partial", "GET", "configured", "ai"),
        ("/bound", "GET", "Shelf.show", "ai"),
        ("/item", "GET", "Item.get", "ai"),
        ("/item", "POST", "Item.post", "human"),
        ("/stream", "GET", "stream", "ai"),
    ],
)
def test_the_handler_is_named(aiohttp, path, method, name, origin):
    """
    Functions, decorated or partial, bound methods and the methods of a view.
    """
    answer = aiohttp.request(path, method)

    assert (answer.status, handler(answer.entry)) == (200, (f"aiohttp_app.{name}", origin))


def test_an_application_below_another(aiohttp):
    """
    Both have a span, since both are instrumented; the inner one names what serves the request.
    """
    answer = aiohttp.request("/below/plain")

    named = [handler(span) for span in answer.spans]
    assert [name for name in named if name] == [("aiohttp_app.sub", "ai")]


@pytest.mark.parametrize(("path", "status"), [("/none", 404), ("/refused", 403)])
def test_where_no_handler_runs_nothing_is_claimed(aiohttp, path, status):
    """
    Not found, or refused by a middleware: no function is named for it.
    """
    answer = aiohttp.request(path)

    assert (answer.status, handler(answer.entry)) == (status, None)


def test_what_a_handler_does_is_named(aiohttp):
    """
    Client and internal spans, in whatever thread they begin, name their functions.
    """
    assert_work_is_named(aiohttp.request("/work"))


def test_a_failing_handler(aiohttp):
    """
    The exception names the line that raised, and so does the server span that it failed.
    """
    answer = aiohttp.request("/fail")

    assert answer.status == 500
    assert handler(answer.entry) == ("aiohttp_app.failing", "ai")
    assert_failed_by_a_person(answer.entry)


def test_an_answer_that_is_raised(aiohttp):
    """
    A handler that raises `503 Service Unavailable` fails its span, by its own line.
    """
    said = aiohttp.request("/unavailable").entry.span_attributes

    assert said["code.function.name"] == "aiohttp_app.unavailable"
    assert said["aiprov.error.origin"] == "ai"


def test_requests_at_once_do_not_mix(aiohttp):
    """
    Requests over connections that are kept alive each name their own handler, or none.
    """
    handlers = {"/plain": "plain", "/decorated": "wrapped", "/item": "Item.get", "/none": None}
    assert_none_has_a_neighbour_s(aiohttp, "aiohttp_app", handlers)
