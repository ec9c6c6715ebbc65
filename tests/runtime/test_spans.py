"""Spans that others start: the application code that they stand for."""

from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind

from aiprov_otel import ProvenanceSpanProcessor, provenance_of
from aiprov_otel.runtime import stack
from support.application import AI, HUMAN, run

SHOP = """\
def order(library, **known):
    return library("send", **known)


def retry(library):  # human
    # human
    return library("again")  # human


class Cart:
    async def settle(self, library):
        return await library()


def drive(step, *given):
    return step(*given)
"""

KINDS = {kind: kind.name.lower() for kind in SpanKind}


@pytest.fixture
def shop(application):
    """The shop above, with a library below it that starts spans, all installed."""
    shop = application.module("shop.orders", SHOP)
    application.install()
    return shop


def test_a_client_span_names_its_caller(application, shop):
    """
    A span of a library says which application function called, at which line, by whom written.
    """
    shop.order(lambda name: application.tracer.start_span(name, kind=SpanKind.CLIENT).end())

    assert dict(application.span().attributes) == {
        "aiprov.origin": "ai",
        "aiprov.agent.name": "claude-code",
        "aiprov.model.name": "claude-opus-4-6",
        "aiprov.model.provider": "anthropic",
        "aiprov.commit.id": AI.commit,
        "aiprov.commit.time": AI.time,
        "aiprov.file.path": "src/shop/orders.py",
        "aiprov.evidence.kind": "co-author",
        "aiprov.evidence.strength": "commit",
        "aiprov.ai_ratio": 1.0,
        "aiprov.match": "exact",
        "aiprov.unit": "caller",
        "code.function.name": "shop.orders.order",
        "code.file.path": shop.__file__,
        "code.line.number": 2,
    }


@pytest.mark.parametrize(
    "kind", [SpanKind.CLIENT, SpanKind.INTERNAL, SpanKind.PRODUCER], ids=KINDS.get
)
def test_what_goes_out_has_a_caller(application, shop, kind):
    """
    Client, internal and producer spans stand for the code that made them.
    """
    shop.order(lambda name: application.tracer.start_span(name, kind=kind).end())

    assert application.span().attributes["aiprov.unit"] == "caller"


@pytest.mark.parametrize("kind", [SpanKind.SERVER, SpanKind.CONSUMER], ids=KINDS.get)
def test_what_comes_in_has_no_caller(application, shop, kind):
    """
    Server and consumer spans begin before application code runs, whoever is on the stack.
    """
    shop.order(lambda name: application.tracer.start_span(name, kind=kind).end())

    assert not application.span().attributes


def test_the_nearest_frame_counts(application, shop):
    """
    Of several application functions on the stack, the one that called the library is named.
    """
    shop.order(lambda _: shop.retry(lambda name: application.tracer.start_span(name).end()))

    attributes = application.span().attributes
    assert attributes["code.function.name"] == "shop.orders.retry"
    assert (attributes["aiprov.origin"], attributes["aiprov.commit.id"]) == ("human", HUMAN.commit)


def test_no_application_frame_is_no_claim(application, shop):
    """
    A span that no application code started carries nothing of ours.
    """
    application.tracer.start_span("maintenance").end()

    assert not application.span().attributes


def test_what_the_opener_said_stays(application, shop):
    """
    Neither `aiprov.*` nor any `code.*` that was given at the start is overwritten or mixed.
    """
    said = {"aiprov.origin": "human", "code.function.name": "theirs"}
    tracer = application.tracer
    shop.order(lambda name: tracer.start_span(name, attributes=said).end())
    shop.order(lambda name: tracer.start_span("b", attributes={"code.line.number": 9}).end())

    assert dict(application.spans["send"].attributes) == said
    other = application.spans["b"].attributes
    assert (other["aiprov.origin"], other["code.line.number"]) == ("ai", 9)
    assert "code.function.name" not in other


def test_a_span_that_is_not_sampled_is_left_alone(application, shop):
    """
    Sampled out, a span is not looked at, and the service notices nothing.
    """
    tracer = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False).get_tracer("x")
    span = shop.order(tracer.start_span)

    assert not span.is_recording()
    assert not hasattr(span, "attributes")


def test_a_deep_stack_of_the_library_is_given_up(application, shop):
    """
    The walk ends after a hundred frames: a recursive library must not cost what it likes.
    """

    def deep(levels):
        if levels:
            return deep(levels - 1)
        return application.tracer.start_span(str(levels)).end()

    shop.order(lambda _: deep(stack.DEPTH))
    assert not application.span().attributes


def test_a_task_does_not_inherit_who_started_the_loop(application, shop):
    """
    What a task does is not its loop's caller's: `asyncio.run` of the application is not named.
    """

    async def main():
        await asyncio.create_task(background())

    async def background():
        application.tracer.start_span("task").end()

    shop.drive(asyncio.run, main())
    assert not application.span().attributes


def test_a_task_names_its_own_code(application, shop):
    """
    In a task, the coroutine of the application that awaits the library is named.
    """

    async def library():
        application.tracer.start_span("task").end()

    asyncio.run(shop.Cart().settle(library))
    assert application.span().attributes["code.function.name"] == "shop.orders.Cart.settle"


def test_a_loop_that_is_not_of_asyncio_is_no_caller_either(application, shop):
    """
    Whatever steps a coroutine, what stands below it on the stack did not call.
    """

    async def library():
        application.tracer.start_span("task").end()

    def loop(coroutine):
        with pytest.raises(StopIteration):
            coroutine.send(None)

    shop.drive(loop, library())
    assert not application.span().attributes
    shop.drive(lambda _: application.tracer.start_span("plain").end(), None)
    application.memory.clear()
    shop.drive(loop, library())  # of a line that was met before
    assert not application.span().attributes
    application.memory.clear()
    shop.drive(loop, shop.Cart().settle(library))
    assert application.span().attributes["code.function.name"] == "shop.orders.Cart.settle"


def test_callbacks_of_a_loop_have_no_caller(application, shop):
    """
    `call_soon` runs below the loop, which is nobody's.
    """

    async def main():
        asyncio.get_running_loop().call_soon(lambda: application.tracer.start_span("cb").end())
        await asyncio.sleep(0)

    shop.drive(asyncio.run, main())
    assert not application.span().attributes


def test_a_thread_has_no_caller_but_its_own(application, shop):
    """
    Threads and pools that the application starts begin with a stack of their own.
    """

    def work(name):
        application.tracer.start_span(name).end()

    with ThreadPoolExecutor(1) as pool:
        shop.drive(pool.submit, work, "pool").result()
    thread = threading.Thread(target=work, args=("thread",))
    shop.drive(thread.start)
    thread.join()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(shop.order, lambda _: work("ours")).result()

    assert not application.spans["pool"].attributes
    assert not application.spans["thread"].attributes
    assert application.spans["ours"].attributes["aiprov.origin"] == "ai"


def test_a_stale_caller_says_so(application):
    """
    Code that was changed after the build is named, with an origin that is unknown.
    """
    application.write("shop/orders.py", SHOP)
    application.place("shop/orders.py", "# changed\n" + SHOP)
    shop = application.module("shop.orders")
    application.install()
    shop.order(lambda name: application.tracer.start_span(name).end())

    attributes = application.span().attributes
    assert (attributes["aiprov.origin"], attributes["aiprov.match"]) == ("unknown", "stale")
    assert "aiprov.commit.id" not in attributes


def test_minimal_sends_origin_model_and_commit(application):
    """
    `attributes="minimal"` leaves everything else at home.
    """
    shop = application.module("shop.orders", SHOP)
    application.install(attributes="minimal")
    shop.order(lambda name: application.tracer.start_span(name).end())

    assert dict(application.span().attributes) == {
        "aiprov.origin": "ai",
        "aiprov.model.name": "claude-opus-4-6",
        "aiprov.commit.id": AI.commit,
    }


def test_ai_only_leaves_out_the_commits_of_people(application):
    """
    `commits="ai-only"` sends the hash of what a model wrote, and of nothing else.
    """
    shop = application.module("shop.orders", SHOP)
    application.install(commits="ai-only")
    shop.order(lambda _: application.tracer.start_span("ai").end())
    shop.retry(lambda _: application.tracer.start_span("human").end())

    assert application.spans["ai"].attributes["aiprov.commit.id"] == AI.commit
    assert "aiprov.commit.id" not in application.spans["human"].attributes


def test_a_processor_of_one_s_own_needs_no_install(application, monkeypatch):
    """
    `ProvenanceSpanProcessor` on a provider annotates with the manifest that is found.
    """
    shop = application.module("shop.orders", SHOP)
    monkeypatch.setenv("AIPROV_MANIFEST", str(application.manifest()))
    application.provider.add_span_processor(ProvenanceSpanProcessor())
    shop.order(lambda name: application.tracer.start_span(name).end())

    assert application.span().attributes["aiprov.origin"] == "ai"
    assert application.provider.force_flush()


def test_an_error_of_ours_does_not_reach_the_service(application, shop, monkeypatch, caplog):
    """
    An error inside the library is logged once with its slug; under AIPROV_STRICT it is raised.
    """
    monkeypatch.setattr(stack, "DEPTH", "many")
    with pytest.raises(TypeError):
        shop.order(application.tracer.start_span)
    monkeypatch.delenv("AIPROV_STRICT")
    for _ in range(3):
        shop.order(lambda name: application.tracer.start_span(name).end())

    assert not application.spans["send"].attributes
    assert caplog.messages == ["Provenance was not attached (provenance-failed)"]


def test_a_warning_that_starts_a_span_is_no_deadlock(application, tmp_path):
    """
    A log handler that is itself instrumented may be told of a missing manifest.
    """
    done = run(
        """
import logging
from opentelemetry.sdk.trace import TracerProvider
from aiprov_otel import ProvenanceSpanProcessor
provider = TracerProvider()
provider.add_span_processor(ProvenanceSpanProcessor())
tracer = provider.get_tracer("x")
class Handler(logging.Handler):
    def emit(self, record):
        with tracer.start_as_current_span("sending the log"):
            print(record.getMessage())
logging.getLogger().addHandler(Handler())
tracer.start_span("first").end()
""",
        tmp_path,
    )
    assert done.count("manifest-missing") == 1


def test_several_providers_have_theirs(application, shop):
    """
    Each provider that is made while installed annotates its spans.
    """
    for _ in range(2):
        provider, memory = TracerProvider(shutdown_on_exit=False), InMemorySpanExporter()
        provider.add_span_processor(SimpleSpanProcessor(memory))
        shop.order(lambda name, provider=provider: provider.get_tracer("x").start_span(name).end())
        assert memory.get_finished_spans()[0].attributes["aiprov.origin"] == "ai"


def test_callbacks_have_no_caller_after_a_failure_in_their_loop(application, shop):
    """
    A loop stays nobody's when an exception has shown its frames to us.
    """

    async def failing():
        raise KeyError

    async def main():
        asyncio.get_running_loop().call_soon(lambda: application.tracer.start_span("cb").end())
        await asyncio.sleep(0)

    with pytest.raises(KeyError) as raised:
        shop.drive(asyncio.run, failing())
    provenance_of(raised.value)
    shop.drive(asyncio.run, main())
    assert not application.span().attributes


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_line_that_was_met_before(application, shop, times):
    """
    The next span of a line says what the first one said, and what its opener said stays.
    """
    for _ in range(times):
        shop.order(lambda name: application.tracer.start_span(name).end())
        shop.order(lambda _: application.tracer.start_span("own", attributes={"mine": 1}).end())

    first, *others = [s for s in application.memory.get_finished_spans() if s.name != "own"]
    own = [s for s in application.memory.get_finished_spans() if s.name == "own"]
    assert {tuple(each.attributes.items()) for each in others} <= {tuple(first.attributes.items())}
    assert {each.attributes["mine"] for each in own} == {1}
    assert {each.attributes["aiprov.origin"] for each in own} == {"ai"}


def test_a_line_that_was_met_before_drives_a_loop_now(application, shop):
    """
    What is done below that line by a loop, which says so to Python as every loop does, is not its.
    """

    async def library():
        application.tracer.start_span("task").end()

    def loop(coroutine):
        sys.set_asyncgen_hooks(firstiter=lambda _: None)
        try:
            with pytest.raises(StopIteration):
                coroutine.send(None)
        finally:
            sys.set_asyncgen_hooks(None, None)

    shop.drive(lambda _: application.tracer.start_span("before").end(), None)
    shop.drive(loop, library())

    assert application.spans["before"].attributes["aiprov.origin"] == "ai"
    assert not application.spans["task"].attributes
