"""FastAPI and Starlette, under uvicorn with two workers."""

from __future__ import annotations

import pytest

from support.origins import assert_failed_by_a_person, assert_work_is_named, handler
from support.rush import assert_none_has_a_neighbour_s
from support.service import executable, service

pytest.importorskip("fastapi")


@pytest.fixture(scope="module")
def fastapi(tmp_path_factory):
    """The application in two processes."""
    with service(
        tmp_path_factory.mktemp("fastapi"),
        *(executable("uvicorn"), "--workers", "2", "--port", "{port}", "fastapi_app:app"),
        files=["fastapi_app.py", "stock.py"],
        instrumented=["fastapi", "sqlite3", "threading"],
    ) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "name", "origin"),
    [
        ("/plain", "plain", "ai"),
        ("/later", "later", "human"),
        ("/below/plain", "sub", "ai"),
        ("/mounted/item", "Item.get", "ai"),
    ],
)
def test_the_endpoint_is_named(fastapi, path, name, origin):
    """
    Endpoints, sync and async, of a router and of a mounted Starlette application.
    """
    answer = fastapi.request(path)

    assert (answer.status, handler(answer.entry)) == (200, (f"fastapi_app.{name}", origin))


@pytest.mark.parametrize("path", ["/work", "/work-later"])
def test_what_an_endpoint_does_is_named(fastapi, path):
    """
    Client and internal spans, in whatever thread they begin, name their functions.
    """
    assert_work_is_named(fastapi.request(path))


@pytest.mark.parametrize(("path", "name"), [("/fail", "failing"), ("/fail-later", "failing_later")])
def test_a_failing_endpoint(fastapi, path, name):
    """
    The exception names the line that raised, and so does the server span that it failed.
    """
    answer = fastapi.request(path)

    assert answer.status == 500
    assert handler(answer.entry) == (f"fastapi_app.{name}", "ai")
    assert_failed_by_a_person(answer.entry)


def test_requests_at_once_do_not_mix(fastapi):
    """
    Requests over connections that are kept alive each name their own endpoint, or none.
    """
    endpoints = {"/plain": "plain", "/later": "later", "/none": None}
    assert_none_has_a_neighbour_s(fastapi, "fastapi_app", endpoints)
