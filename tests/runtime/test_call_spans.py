"""Spans of our own: an exception is recorded once, and only failures are."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from opentelemetry import context, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import StatusCode

from aiprov_otel import install, provenance

KEYS = {"aiprov.error.origin", "error.type"}


@pytest.fixture(autouse=True)
def installed(application):
    """Installed, with the spans in memory; the functions below are in no manifest."""
    application.install()


@provenance
def fail(error=KeyError):
    raise error


@provenance
def outer(function, *given):
    return function(*given)


@provenance
async def fail_later(error=KeyError):
    await asyncio.sleep(0)
    raise error


@provenance
async def outer_later(*coroutines):
    return await asyncio.gather(*coroutines)


@provenance
def generate(error=KeyError):
    yield 1
    raise error


@provenance
async def generate_later(error=KeyError):
    yield 1
    raise error


def events(application):
    """How many exceptions each span recorded, in the order in which they ended."""
    return [
        (s.name.rpartition(".")[2], len(s.events)) for s in application.memory.get_finished_spans()
    ]


def failed(application):
    """Whether every span has failed, by the same exception."""
    return all(
        span.status.status_code is StatusCode.ERROR and span.attributes.keys() >= KEYS
        for span in application.memory.get_finished_spans()
    )


def test_nested_calls_record_once(application):
    """
    An exception that crosses our spans is an event of the innermost, and fails each.
    """
    with pytest.raises(KeyError):
        outer(outer, fail)

    assert events(application) == [("fail", 1), ("outer", 0), ("outer", 0)]
    assert failed(application)


def test_coroutines_record_once(application):
    """
    So it is when they are awaited.
    """
    with pytest.raises(KeyError):
        asyncio.run(outer_later(fail_later()))

    assert events(application) == [("fail_later", 1), ("outer_later", 0)]
    assert failed(application)


def test_a_coroutine_that_is_closed_elsewhere_leaves_that_place_alone(application):
    """As one that is garbage is: its span ends, and what is current there stays."""

    class Suspended:
        def __await__(self):
            yield

    @provenance
    async def work():
        await Suspended()

    coroutine, there = work(), contextvars.copy_context()
    request = application.tracer.start_span("request")
    there.run(context.attach, trace.set_span_in_context(request))
    there.run(coroutine.send, None)
    coroutine.close()

    assert trace.get_current_span() is trace.INVALID_SPAN
    assert application.span().name.endswith("work")


@pytest.mark.parametrize("count", [2, 30])
def test_of_many_that_fail_together_each_is_recorded_once(application, count):
    """
    A gather records each failure on its own span, and the one that comes out no second time.
    """
    with pytest.raises(KeyError):
        asyncio.run(outer_later(*(fail_later() for _ in range(count))))

    assert sorted(events(application)) == [("fail_later", 1)] * count + [("outer_later", 0)]


def test_generators_record_once(application):
    """
    So it is when they are iterated.
    """
    with pytest.raises(KeyError):
        outer(list, generate())

    assert events(application) == [("generate", 1), ("outer", 0)]
    assert failed(application)


def test_async_generators_record_once(application):
    """
    So it is when they are iterated in a task.
    """

    async def drain():
        return [item async for item in generate_later()]

    with pytest.raises(KeyError):
        asyncio.run(outer_later(drain()))

    assert events(application) == [("generate_later", 1), ("outer_later", 0)]


def test_a_span_of_somebody_else_between_does_not_matter(application):
    """
    Ours record once, theirs as they always do.
    """

    def theirs():
        with application.tracer.start_as_current_span("theirs"):
            fail()

    with pytest.raises(KeyError):
        outer(theirs)

    assert events(application) == [("fail", 1), ("theirs", 1), ("outer", 0)]


def test_a_thread_between_does_not_matter(application):
    """
    An exception that comes back from a pool, in the same trace, was recorded there.
    """
    from contextvars import copy_context

    def through_a_pool():
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(copy_context().run, fail).result()

    with pytest.raises(KeyError):
        outer(through_a_pool)

    assert events(application) == [("fail", 1), ("outer", 0)]


def test_another_trace_records_it_again(application):
    """
    An exception that one trace left behind is an event of the trace that meets it next.
    """
    error = KeyError("kept")
    for _ in range(2):
        with pytest.raises(KeyError):
            outer(fail, error)

    assert events(application) == [("fail", 1), ("outer", 0)] * 2


def test_an_exception_made_of_another_is_recorded_too(application):
    """
    What is raised from a recorded exception is an exception of its own.
    """

    def wrapping():
        try:
            fail()
        except KeyError as error:
            raise LookupError from error

    with pytest.raises(LookupError):
        outer(wrapping)

    assert events(application) == [("fail", 1), ("outer", 1)]


def test_a_handled_exception_fails_its_own_call_only(application):
    """
    Who catches it has not failed.
    """

    def catching():
        with pytest.raises(KeyError):
            fail()

    outer(catching)
    inner, around = application.memory.get_finished_spans()
    assert inner.status.status_code is StatusCode.ERROR
    assert around.status.status_code is StatusCode.UNSET
    assert not around.attributes.keys() & KEYS


class _Without(Sampler):
    def should_sample(self, parent_context, trace_id, name, *args, **kwargs):
        dropped = name.endswith("fail")
        return SamplingResult(Decision.DROP if dropped else Decision.RECORD_AND_SAMPLE)

    def get_description(self):
        return "all but one"


def test_an_exception_that_a_dropped_span_met_is_not_lost(application):
    """
    Where the sampler left the inner span out, the outer records the exception.
    """
    memory = InMemorySpanExporter()
    provider = TracerProvider(sampler=_Without(), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    import aiprov_otel

    aiprov_otel.install().uninstall()
    application.install(tracer_provider=provider)
    with pytest.raises(KeyError):
        outer(outer, fail)

    assert [len(span.events) for span in memory.get_finished_spans()] == [1, 0]


@pytest.mark.parametrize(
    "error", [asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration]
)
def test_leaving_is_no_failure(application, error):
    """
    Cancellation, an interrupt, an exit and the end of an iterator pass through unrecorded.
    """
    with pytest.raises(error):
        outer(fail, error)

    for span in application.memory.get_finished_spans():
        assert (span.status.status_code, span.events) == (StatusCode.UNSET, ())


def test_the_event_is_as_the_sdk_makes_it(application):
    """
    Type, message and traceback are the SDK's; the status names the exception.
    """
    with pytest.raises(KeyError):
        fail(KeyError("apple"))

    span = application.span()
    said = span.events[0].attributes
    assert said["exception.type"] == "KeyError"
    assert "raise error" in said["exception.stacktrace"]
    assert said["aiprov.exception.origin"] == "unknown"
    assert span.status.description == "KeyError: 'apple'"


def test_no_exception_is_kept_alive(application):
    """
    While an outer call runs on, a handled exception and what its frames hold are let go at once.
    """

    class Held:
        pass

    class Failure(Exception):
        pass

    def catching():
        def failing():
            held = Held()
            seen.append(weakref.ref(held))
            raise Failure

        with pytest.raises(Failure):
            outer(failing)
        gc.disable()
        try:
            outer(outer, lambda: None)
            return
        finally:
            gc.enable()

    seen = []
    outer(swallow, catching, seen)
    assert seen


def swallow(function, seen):
    """Run a failing function as a worker would, and look what is left of it."""
    gc.collect()
    function()


def test_a_failed_call_leaves_no_cycle(application):
    """
    Reference counting alone frees the exception: nothing of ours refers back to it.
    """

    class Failure(Exception):
        pass

    gc.collect()
    gc.disable()
    try:
        for function in (outer, lambda f: list(_generated(f))):
            try:
                function(_failing(Failure))
            except Failure as error:
                left = weakref.ref(error)
            assert left() is None
    finally:
        gc.enable()


@provenance
def _generated(function):
    yield function()


def _failing(error):
    def function():
        raise error

    return function


def test_an_exporter_that_raises_does_not_reach_the_caller(application, monkeypatch, caplog):
    """
    A processor of somebody else's that raises when our span ends is logged, not passed on.
    """
    from opentelemetry.sdk.trace import SpanProcessor

    class Broken(SpanProcessor):
        def on_end(self, span):
            raise OSError

    monkeypatch.delenv("AIPROV_STRICT")
    application.provider.add_span_processor(Broken())

    assert outer(lambda: 7) == 7
    assert caplog.messages == ["Provenance was not attached (provenance-failed)"]


class _ParentBased(Sampler):
    """Looks at the parent in a local variable, and fails, as one with a bug does."""

    def should_sample(self, parent_context, trace_id, name, *args, **kwargs):
        span = trace.get_current_span(parent_context)
        if name.endswith("fail"):
            raise OSError(span)
        return SamplingResult(Decision.RECORD_AND_SAMPLE)

    def get_description(self):
        return "fails below a parent"


def test_a_failing_sampler_ends_no_other_span(application, monkeypatch):
    """
    A call whose sampler fails has no span; that of its caller ends with the caller.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    application.provider.sampler = _ParentBased()

    def recording():
        with suppress(KeyError):
            fail()
        return trace.get_current_span().is_recording()

    assert outer(recording)
    assert {span.name.rpartition(".")[2] for span in application.memory.get_finished_spans()} == {
        "outer"
    }


def descend(frames, function):
    """Call *function* below so many frames."""
    return descend(frames - 1, function) if frames else function()


def reached(frames, function):
    """What *function* raises below so many frames."""
    try:
        descend(frames, function)
    except Exception as error:  # noqa: BLE001 (whichever comes)
        return type(error)


def test_near_the_recursion_limit_an_exception_stays_itself(monkeypatch):
    """
    Two calls before the stack is full, what the function raises arrives; no span stays current.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    bare, limit = fail.__wrapped__, sys.getrecursionlimit()
    assert reached(0, fail) is KeyError
    deepest = next(n for n in range(limit, 0, -1) if reached(n, bare) is KeyError)
    for left in range(3, 40):
        assert reached(deepest - left, fail) is KeyError, left
        assert trace.get_current_span() is trace.INVALID_SPAN


def test_the_context_is_as_it_was(application):
    """
    Around the call nothing of ours is current, inside it our span is.
    """
    before = trace.get_current_span()
    inside = outer(trace.get_current_span)

    assert trace.get_current_span() is before
    assert inside.get_span_context() == application.span().context


@pytest.mark.parametrize("fast", ["true", "false"])
def test_an_exception_that_can_not_say_what_it_is_fails_its_call(application, monkeypatch, fast):
    """
    Its message is what Python prints in its place; the span has failed and tells of it once.
    """

    class Mute(Exception):
        def __str__(self):
            raise OSError

    install().uninstall()
    monkeypatch.setenv("AIPROV_FAST", fast)
    application.install()
    with pytest.raises(Mute):
        outer(fail, Mute())

    assert failed(application)
    assert events(application) == [("fail", 1), ("outer", 0)]
    span = application.span("fail")
    assert span.status.description == "Mute: <exception str() failed>"
    assert span.events[0].attributes["exception.message"] == "<exception str() failed>"
