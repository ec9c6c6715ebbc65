"""Exceptions of our own spans as log records, where that was asked for."""

from __future__ import annotations

import pytest
from opentelemetry.trace import StatusCode

from support.application import HUMAN
from support.records import Records

VARIABLE = "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN"
SHOP = """\
from aiprov_otel import provenance


@provenance
def fail():
    raise KeyError("apple")  # human


@provenance
def outer():
    fail()


@provenance
async def wait():
    fail()
"""


@pytest.fixture
def records():
    """A provider and its records."""
    return Records()


@pytest.fixture
def shop(application, records):
    """The shop above, installed for that provider."""
    shop = application.module("shop.failing", SHOP)
    application.install(logger_provider=records.provider)
    return shop


@pytest.mark.parametrize(
    ("value", "events", "logs"),
    [
        ("", 1, 0),
        ("logs", 0, 1),
        ("logs/dup", 1, 1),
        ("LOGS", 0, 1),
        ("http, logs ,x", 0, 1),
        ("logs,logs/dup", 1, 1),
        ("nonsense", 1, 0),
    ],
)
def test_an_exception_is_told_where_it_was_asked_for(
    application, shop, records, monkeypatch, value, events, logs
):
    """
    As an event, a log record or both; the span has failed and says of whose line in each case.
    """
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(KeyError):
        shop.fail()

    span = application.span()
    assert (len(span.events), len(records.all)) == (events, logs)
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes["aiprov.error.origin"] == "human"
    assert span.attributes["error.type"] == "KeyError"


def test_the_record_is_that_of_the_conventions(application, shop, records, monkeypatch):
    """
    Event name, severity and attributes are those of an exception, in the context of the span.
    """
    monkeypatch.setenv(VARIABLE, "logs")
    with pytest.raises(KeyError):
        shop.fail()

    record, said = records.only, records.said
    context = application.span().get_span_context()
    assert (record.trace_id, record.span_id) == (context.trace_id, context.span_id)
    assert (record.event_name, record.severity_text) == ("exception", "ERROR")
    assert said.pop("exception.stacktrace").rstrip().endswith("KeyError: 'apple'")
    assert said == {
        "exception.type": "KeyError",
        "exception.message": "'apple'",
        "aiprov.exception.origin": "human",
        "aiprov.exception.commit.id": HUMAN.commit,
        "aiprov.exception.commit.time": HUMAN.time,
        "aiprov.exception.evidence.kind": "unmarked",
        "aiprov.file.path": "src/shop/failing.py",
        "code.function.name": "shop.failing.fail",
        "code.file.path": shop.__file__,
        "code.line.number": 6,
    }


def test_the_text_of_the_stack_is_that_of_the_event(application, shop, records, monkeypatch):
    """
    Event and record of one exception hold the same words.
    """
    monkeypatch.setenv(VARIABLE, "logs/dup")
    with pytest.raises(KeyError):
        shop.fail()

    (event,) = application.span().events
    said = dict(event.attributes)
    said.pop("exception.escaped")
    assert said == records.said


def test_nested_spans_tell_it_once(application, shop, records, monkeypatch):
    """
    The innermost span's context has the record; the others have failed, and no more.
    """
    monkeypatch.setenv(VARIABLE, "logs")
    with pytest.raises(KeyError):
        shop.outer()

    assert records.only.span_id == application.span("fail").get_span_context().span_id
    assert application.span("outer").attributes["aiprov.error.origin"] == "human"


def test_events_of_others_are_never_suppressed(application, shop, records, monkeypatch):
    """
    A span of another instrumentation records its event as it did.
    """
    monkeypatch.setenv(VARIABLE, "logs")
    with (
        pytest.raises(KeyError),
        application.tracer.start_as_current_span("theirs"),
    ):
        shop.fail()

    assert len(application.span("theirs").events) == 1
    assert len(records.all) == 1


def test_without_a_provider_it_stays_an_event(application, monkeypatch, caplog):
    """
    No exception gets lost for want of a log pipeline; one warning says so.
    """
    monkeypatch.setenv(VARIABLE, "logs")
    shop = application.module("shop.failing", SHOP)
    application.install()
    for _ in range(2):
        with pytest.raises(KeyError):
            shop.fail()

    assert [len(span.events) for span in application.memory.get_finished_spans()] == [1, 1]
    assert caplog.text.count("(exception-signal-ignored)") == 1
    assert VARIABLE in caplog.text


def test_what_a_span_told_does_not_die_again(shop, records, monkeypatch):
    """
    A failing function that ends the process is one record, of its span.
    """
    import sys

    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setenv(VARIABLE, "logs")
    try:
        shop.fail()
    except KeyError as error:
        sys.excepthook(type(error), error, error.__traceback__)

    assert records.only.severity_text == "ERROR"
