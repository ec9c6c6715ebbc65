"""At the SDK's limits, attributes of the application and of OpenTelemetry stay; ours give way."""

from __future__ import annotations

import logging

import pytest
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs import export as logs_export
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind

from aiprov_otel import provenance
from aiprov_otel.runtime import fast_path
from aiprov_otel.runtime.handlers import handled_by

SHOP = """\
import logging


def fail():
    raise KeyError("x")


def opened(tracer, attributes, later, kind):
    with tracer.start_as_current_span("s", attributes=attributes, kind=kind) as span:
        span.set_attributes(later)
        fail()


def say(logger, attributes):
    logger.emit(body="order", attributes=attributes)


def log(attributes):
    logging.getLogger("shop").error("order", extra=attributes)


def log_error():
    try:
        fail()
    except KeyError:
        logging.getLogger("shop").exception("order", extra={"field": 1})
"""


def provider(application, **limits):
    """A provider with these limits, whose spans the application keeps."""
    made = TracerProvider(span_limits=SpanLimits(**limits), shutdown_on_exit=False)
    made.add_span_processor(SimpleSpanProcessor(application.memory))
    return made


@pytest.fixture(params=["true", "false"])
def fast(request, monkeypatch):
    """Both with the fast paths and without."""
    monkeypatch.setenv("AIPROV_FAST", request.param)


@pytest.mark.parametrize(("first", "later"), [(128, 0), (120, 8), (0, 128), (64, 64), (110, 0)])
@pytest.mark.parametrize("kind", [SpanKind.INTERNAL, SpanKind.SERVER])
def test_a_full_span_keeps_what_is_not_ours(application, fast, first, later, kind):
    """
    Attributes given at the start or set later, up to the limit of 128, are all sent.
    """
    shop = application.module("shop", SHOP)
    tracer = provider(application).get_tracer("t")
    attributes = {f"first.{n}": n for n in range(first)}
    added = {f"later.{n}": n for n in range(later)}
    with application.install(tracer_provider=None), pytest.raises(KeyError):
        shop.opened(provider(application).get_tracer("t"), attributes, added, kind)

    assert tracer
    (span,) = application.memory.get_finished_spans()
    assert (attributes | added).keys() <= span.attributes.keys()


def test_a_handler_gives_way_too(application, fast):
    """
    So are those of a server span, whose handler is named when it has some already.
    """
    shop = application.module("shop", SHOP)
    with application.install(tracer_provider=None):
        tracer = provider(application).get_tracer("t")
        attributes = {f"http.{n}": n for n in range(125)}
        with tracer.start_as_current_span("s", kind=SpanKind.SERVER, attributes=attributes) as span:
            handled_by(shop.fail)
            span.set_attributes({"a": 1, "b": 2, "c": 3})

    (ended,) = application.memory.get_finished_spans()
    assert {*attributes, "a", "b", "c"} <= ended.attributes.keys()


def test_long_values_are_cut_as_the_application_asked(application, fast):
    """
    A limit for the length of values holds for ours, and they still come first.
    """
    shop = application.module("shop", SHOP)
    limits = {"max_attribute_length": 3, "max_span_attributes": 6}
    with application.install(tracer_provider=None), pytest.raises(KeyError):
        shop.opened(
            provider(application, **limits).get_tracer("t"),
            {f"k{n}": "long value" for n in range(6)},
            {},
            SpanKind.INTERNAL,
        )

    (span,) = application.memory.get_finished_spans()
    assert dict(span.attributes) == {f"k{n}": "lon" for n in range(6)}


@pytest.mark.parametrize("limit", [1, 4, 5, 128])
def test_an_event_keeps_the_keys_of_opentelemetry(application, fast, limit):
    """
    `exception.*` stay on an exception event, of the application's spans and of ours.
    """
    shop = application.module("shop", SHOP)
    with application.install(tracer_provider=provider(application, max_event_attributes=limit)):
        with pytest.raises(KeyError):
            shop.opened(
                provider(application, max_event_attributes=limit).get_tracer("t"),
                {},
                {},
                SpanKind.INTERNAL,
            )
        with pytest.raises(KeyError):
            provenance(shop.fail)()

    for span in application.memory.get_finished_spans():
        (event,) = span.events
        theirs = [key for key in event.attributes if key.startswith("exception.")]
        assert len(theirs) == min(limit, 4)
        assert len(event.attributes) <= limit


def test_the_place_of_the_event_limit_is_where_we_look():
    """
    A canary: the SDK's span holds its limits under this name.
    """
    span = TracerProvider(shutdown_on_exit=False).get_tracer("x").start_span("x")

    assert span._limits.max_event_attributes == 128
    assert fast_path._bounded(span) is span._attributes
    span.end()


@pytest.fixture
def records(application):
    """A provider of the logs API, and what it exports."""
    exporter = getattr(logs_export, "InMemoryLogRecordExporter", None)
    memory = (exporter or logs_export.InMemoryLogExporter)()
    made = LoggerProvider(shutdown_on_exit=False)
    made.add_log_record_processor(logs_export.SimpleLogRecordProcessor(memory))
    return made, memory


def test_a_full_log_record_keeps_what_is_not_ours(application, records):
    """
    128 attributes of a record of the logs API are all sent.
    """
    made, memory = records
    shop = application.module("shop", SHOP)
    attributes = {f"field.{n}": n for n in range(128)}
    with application.install(logger_provider=made):
        shop.say(made.get_logger("app"), attributes)

    (exported,) = memory.get_finished_logs()
    assert attributes.keys() <= exported.log_record.attributes.keys()


@pytest.mark.filterwarnings("ignore:Log record attributes were dropped")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_full_record_of_logging_keeps_what_is_not_ours(application, records, monkeypatch):
    """
    So are those given as `extra`, and the keys that OpenTelemetry's handler adds.
    """
    made, memory = records
    shop = application.module("shop", SHOP)
    handler, logger = LoggingHandler(logger_provider=made), logging.getLogger("shop")
    monkeypatch.setattr(logger, "handlers", [handler])
    attributes = {f"field.{n}": n for n in range(122)}
    with application.install(logger_provider=made):
        shop.log(attributes)

    (exported,) = memory.get_finished_logs()
    assert attributes.keys() <= exported.log_record.attributes.keys()
