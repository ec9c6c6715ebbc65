"""Django and its REST framework, under gunicorn (WSGI) and uvicorn (ASGI)."""

from __future__ import annotations

import pytest

from support.origins import assert_failed_by_a_person, assert_work_is_named, handler
from support.rush import assert_none_has_a_neighbour_s
from support.service import executable, service

pytest.importorskip("rest_framework")

COMMANDS = {
    "wsgi": "gunicorn --workers 2 --threads 2 --bind 127.0.0.1:{port} django_server:wsgi",
    "asgi": "uvicorn --port {port} django_server:asgi",
}


@pytest.fixture(scope="module", params=COMMANDS)
def django(request, tmp_path_factory):
    """The application on one kind of server."""
    name, *words = COMMANDS[request.param].split()
    with service(
        tmp_path_factory.mktemp("django"),
        executable(name),
        *words,
        files=["django_app.py", "django_server.py", "django_settings.py", "stock.py"],
        instrumented=["django", "sqlite3", "threading"],
        DJANGO_SETTINGS_MODULE="django_settings",
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
        ("/async-item", "GET", "AsyncItem.get", "ai"),
        ("/api", "GET", "api", "ai"),
        ("/api-class", "GET", "Api.get", "human"),
        ("/set", "GET", "Set.list", "ai"),
        ("/set/extra", "GET", "Set.extra", "human"),
        ("/below/plain", "GET", "plain", "ai"),
        ("/stream", "GET", "stream", "ai"),
    ],
)
def test_the_view_is_named(django, path, method, name, origin):
    """
    Functions, methods of a class, what `@api_view` decorates, the actions of a view set.
    """
    answer = django.request(path, method)

    assert (answer.status, handler(answer.entry)) == (200, (f"django_app.{name}", origin))


def test_what_django_serves_itself_is_missing(django):
    """
    A method that a class inherits from Django is a handler, but no code of the application's.
    """
    said = django.request("/library").entry.span_attributes

    assert said["aiprov.unit"] == "handler"
    assert (said["aiprov.origin"], said["aiprov.match"]) == ("unknown", "missing")
    assert said["code.function.name"] == "django.views.generic.base.TemplateView.get"


@pytest.mark.parametrize(("path", "status"), [("/none", 404), ("/closed", 503)])
def test_where_no_view_runs_nothing_is_claimed(django, path, status):
    """
    Not found, or answered by a middleware in the view's place: no function is named for it.
    """
    answer = django.request(path)

    assert (answer.status, handler(answer.entry)) == (status, None)


@pytest.mark.parametrize("path", ["/work", "/work-later"])
def test_what_a_view_does_is_named(django, path):
    """
    Client and internal spans below a view, in whatever thread it runs, name their functions.
    """
    assert_work_is_named(django.request(path))


@pytest.mark.parametrize(("path", "name"), [("/fail", "failing"), ("/fail-later", "failing_later")])
def test_a_failing_view(django, path, name):
    """
    The exception names the line that raised, and so does the server span that it failed.
    """
    answer = django.request(path)

    assert answer.status == 500
    assert handler(answer.entry) == (f"django_app.{name}", "ai")
    assert_failed_by_a_person(answer.entry)


def test_requests_at_once_do_not_mix(django):
    """
    Requests over connections that are kept alive each name their own view, or none.
    """
    views = {"/plain": "plain", "/later": "later", "/item": "Item.get", "/none": None}
    assert_none_has_a_neighbour_s(django, "django_app", views)
