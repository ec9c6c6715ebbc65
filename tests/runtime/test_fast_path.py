"""The short ways through the SDK, against the long ones."""

from __future__ import annotations

import os
import sys

import pytest
from opentelemetry.sdk.trace import Span, SpanLimits, Tracer, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from aiprov_otel.runtime import fast_path, resolver, spans, state


@pytest.fixture
def opened(monkeypatch):
    """Both short ways, as a service has them."""
    monkeypatch.setenv("AIPROV_FAST", "true")
    before = fast_path.Fast.attributes, fast_path.Fast.exceptions
    fast_path.open_up(Span.record_exception)
    yield
    fast_path.Fast.attributes, fast_path.Fast.exceptions = before


def exported(limits: SpanLimits | None = None, **said):
    """A span to write on, and what is exported of it once it has ended."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False, span_limits=limits)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    span = provider.get_tracer("x").start_span("x", attributes=said)
    return span, memory.get_finished_spans


def test_the_sdk_is_the_one_that_we_know(opened):
    """
    A canary: an SDK in which a short way gives another result closes it, and fails here first.
    """
    assert fast_path.Fast.attributes
    assert fast_path.Fast.exceptions


def test_attributes_arrive_as_if_they_had_been_set(opened):
    """
    What is put on a span is exported beside what its opener said.
    """
    span, finished = exported(theirs="x")
    fast_path.put(span, {"ours": 1, "also": "y"})
    span.end()

    assert dict(finished()[0].attributes) == {"theirs": "x", "ours": 1, "also": "y"}


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (SpanLimits(max_span_attributes=2), {"a": "long", "b": "long"}),
        (SpanLimits(max_attribute_length=1), {"a": "l", "b": "l", "c": "l"}),
    ],
)
def test_the_limits_of_a_provider_hold(opened, limits, expected):
    """
    Ours are limited in number and in length as the provider says.
    """
    span, finished = exported(limits)
    fast_path.put(span, {"a": "long", "b": "long", "c": "long"})
    span.end()

    assert finished()[0].attributes == expected


def test_false_closes_both(monkeypatch):
    """
    `AIPROV_FAST=false` leaves everything to the SDK.
    """
    monkeypatch.setenv("AIPROV_FAST", "false")
    before = fast_path.Fast.attributes, fast_path.Fast.exceptions
    fast_path.open_up(Span.record_exception)
    closed = fast_path.Fast.attributes, fast_path.Fast.exceptions
    fast_path.Fast.attributes, fast_path.Fast.exceptions = before

    assert closed == (False, False)


def test_an_sdk_that_records_otherwise_is_left_alone(opened):
    """
    Where the SDK's own event differs from ours, exceptions are recorded by the SDK.
    """

    def otherwise(span, error, attributes=None, timestamp=None, escaped=False):
        span.add_event("exception", {"exception.type": "other"}, timestamp)

    fast_path.open_up(otherwise)

    assert not fast_path.Fast.exceptions
    assert fast_path.Fast.attributes


def test_installing_from_application_code_changes_nothing(application, caplog):
    """
    The self-test is not met by the processor that is installed after it, whoever installs.
    """
    shop = application.module(
        "shop.starting",
        "import aiprov_otel\n\n\ndef start(given):\n    aiprov_otel.install(**given)\n",
    )
    given = {"manifest": application.manifest(), "tracer_provider": application.provider}
    for _ in range(2):
        shop.start(given)
        opened = fast_path.Fast.attributes, fast_path.Fast.exceptions
        state.installation.uninstall()

    wanted = os.environ.get("AIPROV_FAST") != "false"
    assert opened == (wanted, wanted)
    assert caplog.text == ""


@pytest.mark.parametrize("function", [fast_path.call, spans._annotate_by_opener])
def test_no_frame_was_added_below_the_start_of_a_span(application, opened, monkeypatch, function):
    """
    A walk skips the frames between `Tracer.start_span` and ours: so many, and no more.
    """
    monkeypatch.setattr(resolver, "stated", {})  # by other tests: it closes the fast path
    codes = []

    def profile(frame, event, called):
        if event == "c_call" and called is sys._getframe and frame.f_code is function.__code__:
            for _ in range(fast_path.BENEATH):
                frame = frame.f_back
            codes.append(frame.f_code)

    with application.install():
        sys.setprofile(profile)
        try:
            application.tracer.start_span("x").end()
        finally:
            sys.setprofile(None)

    assert codes == [Tracer.start_span.__code__]
