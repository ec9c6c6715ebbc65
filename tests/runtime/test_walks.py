"""Walks to the code that opens a span, below coroutines: the short one against the long one."""

from __future__ import annotations

import asyncio

import pytest
from opentelemetry.trace import SpanKind

from aiprov_otel.runtime import fast_path, resolver, stack
from support.application import AI
from support.asgi import request

SHOP = """\
async def settle(library):
    return await library()


async def serve(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def around(respond):
    async def middleware(scope, receive, send):
        await respond(send)
    return middleware
"""


@pytest.fixture(params=[True, False], ids=["short", "long"])
def shop(application, request, monkeypatch):
    """Coroutines of the application, with the short walk and without it."""
    monkeypatch.setenv("AIPROV_FAST", "true" if request.param else "false")
    monkeypatch.setattr(resolver, "stated", {})  # by other tests: it closes the short walk
    before = fast_path.Fast.attributes, fast_path.Fast.exceptions
    shop = application.module("shop.orders", SHOP)
    application.install()
    yield shop
    fast_path.Fast.attributes, fast_path.Fast.exceptions = before


@pytest.fixture
def long_walks(monkeypatch):
    """The starts of walks that took the long way."""
    starts = []
    for name in ("opener", "sender"):
        walk = getattr(stack, name)

        def counted(resolver, start, walk=walk, **how):
            starts.append(start.f_code.co_name)
            return walk(resolver, start, **how)

        monkeypatch.setattr(stack, name, counted)
    return starts


def test_a_coroutine_below_others_is_found_in_one_walk(application, shop, long_walks):
    """
    A span below five coroutines of a library names the line that waits, with one walk each.
    """

    async def library(depth=5):
        if depth:
            return await library(depth - 1)
        return application.tracer.start_span("s").end()

    for _ in range(3):
        asyncio.run(shop.settle(library))

    spans = application.memory.get_finished_spans()
    assert [(s.attributes["aiprov.origin"], s.attributes["code.line.number"]) for s in spans] == [
        (AI.origin, 2)
    ] * 3
    assert len(long_walks) == (1 if fast_path.Fast.attributes else 3)


@pytest.mark.parametrize(
    ("stated", "is_short"),
    [
        ({}, True),
        ({"http.request.method": "GET", "server.port": 80}, True),
        ({"code.line.number": 7, "server.port": 80}, False),
        ({"aiprov.origin": "human"}, False),
        ({"aiprov.commit.id": "7", "server.port": 80}, False),
    ],
)
def test_what_the_opener_stated_does_not_change_the_result(
    application, shop, long_walks, stated, is_short
):
    """
    Attributes that a library sets as it opens a span are kept, in their order, behind ours.
    """

    async def library():
        return application.tracer.start_span("s", attributes=stated).end()

    for _ in range(3):
        asyncio.run(shop.settle(library))

    first, *others = (list(s.attributes.items()) for s in application.memory.get_finished_spans())
    assert others == [first, first]
    assert set(stated.items()) - set(first) <= {("aiprov.commit.id", "7")}
    assert [key for key, _ in first if "." in key and not key.startswith(("aiprov.", "code."))] == [
        key for key in stated if not key.startswith(("aiprov.", "code."))
    ]
    assert len(long_walks) == (1 if fast_path.Fast.attributes and is_short else 3)


def messages(application, served):
    """The spans of the messages of three requests, by the last word of their names."""
    asgi = pytest.importorskip("opentelemetry.instrumentation.asgi", reason="not installed here")
    application.memory.clear()
    for _ in range(3):
        app = asgi.OpenTelemetryMiddleware(served, tracer_provider=application.provider)
        request(app, "/")
    return [span for span in application.memory.get_finished_spans() if span.parent is not None]


def test_a_message_that_the_application_sends_names_its_line(application, shop):
    """
    An application that speaks ASGI itself is the caller of what it sends and receives.
    """
    spans = messages(application, shop.serve)

    assert [span.attributes["code.line.number"] for span in spans] == [6, 7, 8] * 3
    assert {span.attributes["aiprov.origin"] for span in spans} == {AI.origin}


def test_a_message_that_a_framework_sends_is_left_at_once(application, shop, long_walks):
    """
    Below a framework nobody is looked for: a middleware further out did not send it.
    """

    async def respond(send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    spans = messages(application, shop.around(respond))

    assert len(spans) == 6
    assert not [key for span in spans for key in span.attributes if key.startswith("aiprov.")]
    # A file is met once the long way; the request's own span takes it always.
    assert len(long_walks) - 3 == (1 if fast_path.Fast.attributes else 6)


def test_a_request_that_a_library_receives_is_left_at_once(application, shop, monkeypatch):
    """
    Nobody opened its span by hand, so one frame of the library is enough, however many there are.
    """
    looked_at = []
    upwards = stack._upwards

    def counted(frame):
        for each in upwards(frame):
            looked_at.append(each.f_code.co_name)
            yield each

    monkeypatch.setattr(stack, "_upwards", counted)  # the real walk, counted

    async def library(depth=20):
        if depth:
            return await library(depth - 1)
        return application.tracer.start_span("s", kind=SpanKind.SERVER).end()

    asyncio.run(shop.settle(library))

    assert looked_at.count("library") == 1
    assert not any(key.startswith("aiprov.") for key in application.span().attributes)
