"""Records of OpenTelemetry's logs API: the code that emits them, and the line that raised."""

from __future__ import annotations

import inspect
import logging
import threading

import pytest
from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider

import aiprov_otel
from aiprov_otel import ProvenanceLogRecordProcessor
from aiprov_otel.runtime import exception_state
from support.application import AI, HUMAN
from support.records import Records

SHOP = """\
def emit(logger, **said):
    logger.emit(body="hello", **said)


def fail():
    raise KeyError("apple")  # human


def failing(logger, **said):
    try:
        fail()
    except KeyError as error:
        logger.emit(body="it failed", exception=error, **said)


def call(library, *given):
    return library(*given)


def log(**said):
    import logging
    logging.getLogger("shop").warning("hello", **said)  # human
"""

TAKES_EXCEPTIONS = "exception" in inspect.signature(Logger.emit).parameters
exceptions_of_the_api = pytest.mark.skipif(
    not TAKES_EXCEPTIONS, reason="the logs API takes exceptions since 1.42"
)


@pytest.fixture
def records():
    """A provider and its records."""
    return Records()


@pytest.fixture
def shop(application, records):
    """The shop above, installed for that provider."""
    shop = application.module("shop.emitting", SHOP)
    application.install(logger_provider=records.provider)
    return shop


class Passing:
    """Passes on to the SDK's provider, as Logfire's does; it can't be hashed."""

    __hash__ = None

    def __init__(self, sdk):
        self.sdk = sdk


def test_a_provider_behind_a_wrapper_is_covered_once(application, records):
    """Also where it is installed for twice."""
    shop = application.module("shop.emitting", SHOP)
    for _ in range(2):
        application.install(logger_provider=Passing(records.provider))
    shop.emit(records.logger)

    assert records.said["aiprov.origin"] == "ai"
    processors = records.provider._multi_log_record_processor._log_record_processors
    kinds = [type(each).__name__ for each in processors]
    assert kinds.count("ProvenanceLogRecordProcessor") == 1


def test_a_record_says_who_wrote_the_line_that_emits(shop, records):
    """
    Through the API a record carries the keys of the contract for logs, and what was said.
    """
    shop.emit(records.logger, attributes={"order": 7}, severity_number=SeverityNumber.INFO)

    assert records.said == {
        "order": 7,
        "aiprov.origin": "ai",
        "aiprov.agent.name": "claude-code",
        "aiprov.model.name": "claude-opus-4-6",
        "aiprov.commit.id": AI.commit,
        "aiprov.evidence.kind": "co-author",
        "aiprov.match": "exact",
    }


def test_a_library_emits_for_the_application_that_called_it(shop, records):
    """
    It is the nearest application frame that counts, above any number of library frames.
    """

    def library():
        records.logger.emit(LogRecord(body="hello", observed_timestamp=1))

    shop.call(shop.call, library)

    assert records.said["aiprov.origin"] == "ai"


def test_without_the_application_nothing_is_said(shop, records):
    """
    What a library emits on a thread of its own is nobody's of ours.
    """
    thread = threading.Thread(target=lambda: records.logger.emit(body="hello"))
    thread.start()
    thread.join()

    assert records.said == {}


def test_what_was_said_stays(shop, records):
    """
    An origin that the caller gave is the caller's, and nothing is added to it.
    """
    shop.emit(records.logger, attributes={"aiprov.origin": "mixed"})

    assert records.said == {"aiprov.origin": "mixed"}


@exceptions_of_the_api
def test_the_raising_line_is_told_of_an_exception(shop, records):
    """
    `exception=` says who wrote the line that raised, beside the line that emits.
    """
    shop.failing(records.logger)

    said = records.said
    assert said["aiprov.origin"] == "ai"
    assert said["aiprov.exception.origin"] == "human"
    assert said["aiprov.exception.commit.id"] == HUMAN.commit
    assert said["exception.type"] == "KeyError"
    assert "code.line.number" not in said


@exceptions_of_the_api
def test_a_record_that_stands_for_an_exception_names_its_line(shop, records):
    """
    With the event name `exception`, `code.*` is the raising line; where somebody said it, theirs.
    """
    shop.failing(records.logger, event_name="exception")
    shop.failing(records.logger, event_name="exception", attributes={"code.function.name": "f"})
    shop.failing(records.logger, attributes={"aiprov.exception.origin": "mixed"})

    first, second, third = (dict(each.attributes) for each in records.all)
    assert (first["code.function.name"], first["code.line.number"]) == ("shop.emitting.fail", 6)
    assert (second["code.function.name"], "code.line.number" in second) == ("f", False)
    assert (third["aiprov.exception.origin"], "aiprov.file.path" in third) == ("mixed", False)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the SDK's own handler
def test_what_comes_from_logging_is_told_there(application, shop, records):
    """
    A record of `logging` has what its line says, and its exception counts as logged; a library's
    has nothing.
    """
    from opentelemetry.sdk._logs import LoggingHandler

    error = KeyError("apple")

    handler, root = LoggingHandler(logger_provider=records.provider), logging.getLogger()
    root.addHandler(handler)
    try:
        shop.log(exc_info=error)
        shop.call(lambda: logging.getLogger("library").warning("hello"))
    finally:
        root.removeHandler(handler)

    ours, theirs = (dict(each.attributes) for each in records.all)
    assert ours["aiprov.origin"] == "human"
    assert "aiprov.origin" not in theirs
    assert exception_state.was_remembered(error)


def test_after_uninstall_nothing_is_said(shop, records):
    """
    The SDK can't remove a processor; ours stays, and does nothing.
    """
    aiprov_otel.install().uninstall()
    shop.emit(records.logger)

    assert records.said == {}


def test_it_can_be_added_by_hand(application):
    """
    On a provider that the application builds itself, before what exports.
    """
    application.module("shop.emitting", SHOP)
    provider = LoggerProvider(shutdown_on_exit=False)
    processor = ProvenanceLogRecordProcessor()
    provider.add_log_record_processor(processor)

    assert provider.force_flush()
    provider.shutdown()
    assert processor.force_flush()
