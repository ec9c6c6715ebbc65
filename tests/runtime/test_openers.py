"""Spans that a decorator opens stand for its function, whatever provider they are of."""

from __future__ import annotations

import asyncio
import functools

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ConcurrentMultiSpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

import aiprov_otel
from aiprov_otel.runtime import doctor_probe

SHOP = """\
def decorate(tracer, library):
    @tracer.start_as_current_span("order")
    def order():
        with tracer.start_as_current_span("inside"):
            return 1

    @tracer.start_as_current_span("ship")
    async def ship():
        return 1

    @library.traced(tracer, "pay")
    def pay():
        return 1

    return order, ship, pay


def call(function):  # human
    return function()  # human


def work(tracer):
    with tracer.start_as_current_span("work"):
        return 1
"""
LIBRARY = """\
import functools


def traced(tracer, name):
    def decorate(fn):
        @functools.wraps(fn)
        def wrapper(*args, **kwargs):
            with tracer.start_as_current_span(name):
                return fn(*args, **kwargs)
        return wrapper
    return decorate
"""


@pytest.fixture
def shop(application):
    """An application whose functions have decorators of OpenTelemetry and of a library."""
    application.place("library.py", LIBRARY)
    application.write("shop.py", SHOP)
    return application.module("shop")


def test_a_span_of_a_decorator_stands_for_the_function(application, shop):
    """
    Of `@tracer.start_as_current_span`, sync and async, and of a library's decorator.
    """
    library = application.module("library")
    with application.install():
        order, ship, pay = shop.decorate(application.tracer, library)
        for _ in range(2):  # the second time by the fast path, if any
            application.memory.clear()
            shop.call(order)
            shop.call(pay)
            shop.call(lambda: asyncio.run(ship()))

            for name in ("order", "ship", "pay"):
                attributes = application.span(name).attributes
                assert attributes["code.function.name"] == f"shop.decorate.<locals>.{name}"
                assert attributes["aiprov.origin"] == "ai"
                assert attributes["aiprov.unit"] == "function"
            assert application.span("inside").attributes["aiprov.unit"] == "caller"


class Passing(trace.TracerProvider):
    """Passes on to the SDK's, as logfire's and Temporal's do."""

    def __init__(self, sdk):
        self.sdk = sdk

    def get_tracer(self, *args, **kwargs):
        return self.sdk.get_tracer(*args, **kwargs)


class Adding(trace.TracerProvider):
    """The same, hidden, but one can add a processor."""

    def __init__(self, sdk):
        self.get_tracer = sdk.get_tracer
        self.add_span_processor = sdk.add_span_processor

    def get_tracer(self, *args, **kwargs):
        raise NotImplementedError


class Closed(trace.TracerProvider):
    """A provider of somebody else, to which nothing can be added."""

    def get_tracer(self, *args, **kwargs):
        return trace.NoOpTracer()


def sdk(application, **options):
    """A provider of the SDK whose spans the application keeps."""
    provider = TracerProvider(shutdown_on_exit=False, **options)
    provider.add_span_processor(SimpleSpanProcessor(application.memory))
    return provider


class Slotted:
    """The same; it can't be referenced weakly."""

    __slots__ = ("_sdk",)

    def __init__(self, sdk):
        self._sdk = sdk

    def get_tracer(self, *args, **kwargs):
        return self._sdk.get_tracer(*args, **kwargs)

    def add_span_processor(self, processor):
        self._sdk.add_span_processor(processor)


class Inheriting(TracerProvider):
    """One that passes on, and inherits from the SDK's only to be taken for one."""

    def __init__(self, sdk):
        self.get_tracer = sdk.get_tracer
        self.add_span_processor = sdk.add_span_processor


class Replacing(TracerProvider):
    """Its first processor goes when another is added, as Phoenix's does."""

    def add_span_processor(self, processor):
        self._active_span_processor._span_processors = ()
        super().add_span_processor(processor)


def test_no_processor_is_lost_to_ours(application, shop):
    """A method of a subclass that replaces its exporter is for the user's processors."""
    provider = Replacing(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(application.memory))
    with application.install(tracer_provider=provider):
        shop.work(provider.get_tracer("app"))

    assert application.span("work").attributes["aiprov.origin"] == "ai"


def test_a_wrapper_gets_one_processor(application):
    """However often it is installed for."""
    provider = sdk(application)
    wrapper = Slotted(provider)
    for _ in range(2):
        with application.install(tracer_provider=wrapper):
            pass

    kinds = [type(each).__name__ for each in provider._active_span_processor._span_processors]
    assert kinds.count("ProvenanceSpanProcessor") == 1


@pytest.mark.parametrize("wrapper", [Passing, Adding, Slotted, Inheriting])
def test_a_provider_behind_a_wrapper_is_covered(application, shop, wrapper):
    """
    A wrapper that passes on to the SDK's provider, with a tracer that was had before `install()`.
    """
    provider = wrapper(sdk(application))
    tracer = provider.get_tracer("app")
    with application.install(tracer_provider=provider):
        shop.work(tracer)

    assert application.span("work").attributes["aiprov.origin"] == "ai"


def test_the_doctor_looks_behind_a_wrapper(application):
    """
    The processors that `aiprov doctor` reports are those of the SDK's provider.
    """
    provider = sdk(application)
    with application.install(tracer_provider=Passing(provider)):
        kinds = [each["type"] for each in doctor_probe._processors(Passing(provider))]

    assert kinds == ["SimpleSpanProcessor", "ProvenanceSpanProcessor"]


def test_a_provider_that_takes_no_processor_has_one_warning(application, caplog):
    """
    It is never silent: one line says whose spans have no provenance, and what to do.
    """
    for _ in range(2):
        with application.install(tracer_provider=Closed()):
            pass

    (message,) = [line for line in caplog.messages if line.endswith("(provider-unknown)")]
    assert "Closed takes no span processor" in message


def test_a_concurrent_processor_is_no_hindrance(application, shop):
    """
    The SDK's concurrent composite starts spans on threads; their openers are named all the same.
    """
    with application.install():
        provider = sdk(application, active_span_processor=ConcurrentMultiSpanProcessor(2))
        for _ in range(2):
            shop.work(provider.get_tracer("app"))

    origins = [span.attributes["aiprov.origin"] for span in application.memory.get_finished_spans()]
    assert origins == ["ai", "ai"]


def test_a_provider_that_is_set_late_is_covered(application, shop):
    """
    A provider that came by no way we see is covered when it is asked for a tracer.
    """
    provider = sdk(application)
    with aiprov_otel.install(manifest=application.manifest()):
        shop.work(provider.get_tracer("app"))

    assert application.span("work").attributes["aiprov.origin"] == "ai"


def test_a_partial_of_nothing_known_is_no_decorator(application, shop):
    """
    A function of a library in the way is not taken for the application's.
    """
    library = application.module("library")
    with application.install():
        traced = library.traced(application.tracer, "len")(functools.partial(len))
        shop.call(lambda: traced("x"))

    assert application.span("len").attributes["code.function.name"].startswith("shop.call")
