"""Standard `logging`: who wrote the line that logged, and the line that raised."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import logging.handlers
import pickle
import queue

import pytest

import aiprov_otel
from aiprov_otel import provenance
from support.application import AI, HUMAN

SHOP = """\
import logging

log = logging.getLogger("shop")


def greet(**known):
    log.info("hello %s", "you", **known)


def person():
    log.info("by hand")  # human


def both():
    log.info("one")
    log.info("two")  # human


def fail():
    raise KeyError("apple")  # human


def report():
    try:
        fail()
    except KeyError:
        log.exception("it failed")


def caused():
    try:
        fail()
    except KeyError as error:
        try:
            raise LookupError from error
        except LookupError:
            log.exception("it failed")


def call(library, *given):
    return library(*given)


class Own(logging.Logger):
    def makeRecord(self, *args, **kwargs):
        return super().makeRecord(*args, **kwargs)
"""

FACTORY = logging.getLogRecordFactory()


class Kept(logging.Handler):
    """A handler that keeps what it is given, but for what we say ourselves."""

    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        if record.name != "aiprov_otel":
            self.records.append(record)

    @property
    def only(self):
        (record,) = self.records
        return record


@pytest.fixture
def handler():
    """What the logger of the shop, and every other, is heard by."""
    kept, root = Kept(), logging.getLogger()
    level = root.level
    root.addHandler(kept)
    root.setLevel(logging.INFO)
    yield kept
    root.removeHandler(kept)
    root.setLevel(level)
    logging.setLogRecordFactory(FACTORY)


@pytest.fixture
def shop(application):
    """The shop above, installed."""
    shop = application.module("shop.logging", SHOP)
    application.install()
    return shop


def said(record):
    """What we said on *record*."""
    return {key: value for key, value in vars(record).items() if key.startswith("aiprov.")}


def test_a_record_says_who_wrote_the_line_that_logged(shop, handler):
    """
    Each record carries the provenance of one line, in the keys of the contract for logs.
    """
    shop.greet()

    assert said(handler.only) == {
        "aiprov.origin": "ai",
        "aiprov.agent.name": "claude-code",
        "aiprov.model.name": "claude-opus-4-6",
        "aiprov.commit.id": AI.commit,
        "aiprov.evidence.kind": "co-author",
        "aiprov.match": "exact",
    }


def test_it_is_the_line_that_counts_and_not_its_function(shop, handler):
    """
    Two lines of one function may have been written by different hands.
    """
    shop.both()
    shop.both()

    assert [record.__dict__["aiprov.origin"] for record in handler.records] == ["ai", "human"] * 2


def test_a_library_that_logs_gets_nothing(shop, handler):
    """
    A record of a library is not the application's, however the library was called.
    """
    shop.call(logging.getLogger("library").info, "by a library")
    shop.call(lambda: logging.getLogger("library").info("by a library"))

    # The first was logged by the line of the shop that called the logger's own method.
    assert [bool(said(record)) for record in handler.records] == [True, False]


def test_the_stack_level_decides_whose_line_it_is(shop, handler):
    """
    A helper that logs for its caller is passed over, as in the record itself.
    """

    def helper():
        logging.getLogger("shop").info("for somebody", stacklevel=2)

    shop.call(helper)

    assert handler.only.pathname == shop.__file__
    assert said(handler.only)["aiprov.origin"] == "ai"


def test_the_raising_line_is_on_a_record_with_an_exception(shop, handler):
    """
    Who logged and who raised are told under different keys, and no `code.*` is mixed up with them.
    """
    shop.report()

    record = vars(handler.only)
    assert record["aiprov.origin"] == "ai"
    assert record["aiprov.exception.origin"] == "human"
    assert record["aiprov.exception.commit.id"] == HUMAN.commit
    assert record["aiprov.exception.commit.time"] == HUMAN.time
    assert record["aiprov.exception.evidence.kind"] == "unmarked"
    assert record["aiprov.file.path"] == "src/shop/logging.py"
    assert not any(key.startswith("code.") for key in record)


def test_the_explicit_cause_is_told_too(shop, handler):
    """
    An exception that was raised `from` another says who wrote the line where it began.
    """
    shop.caused()

    record = said(handler.only)
    assert record["aiprov.exception.origin"] == "ai"
    assert record["aiprov.exception.cause.origin"] == "human"


def test_an_exception_that_a_library_logs_is_told(shop, handler):
    """
    A framework that logs what a handler raised is no application, but the line that raised is.
    """
    try:
        shop.fail()
    except KeyError:
        logging.getLogger("framework").exception("500")

    assert said(handler.only)["aiprov.exception.origin"] == "human"
    assert "aiprov.origin" not in said(handler.only)


def test_what_asyncio_logs_of_a_task_is_told(shop, handler):
    """
    A task whose exception nobody asks for is logged by the loop, with the line that raised.
    """

    async def main():
        async def work():
            shop.fail()

        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        del task

    asyncio.run(main())

    assert handler.only.name == "asyncio"
    assert said(handler.only)["aiprov.exception.origin"] == "human"


def test_exc_info_in_each_of_its_forms(shop, handler):
    """
    An exception, a tuple, `True` and an empty tuple are all that `exc_info` may be.
    """
    try:
        shop.fail()
    except KeyError as error:
        shop.greet(exc_info=error)
        shop.greet(exc_info=(type(error), error, error.__traceback__))
        shop.greet(exc_info=True)
    shop.greet(exc_info=True)

    origins = [vars(record).get("aiprov.exception.origin") for record in handler.records]
    assert origins == ["human", "human", "human", None]


def test_a_file_that_was_changed_is_stale(application, handler):
    """
    A line of a file that is not the one that was built is nobody's.
    """
    application.write("shop/stale.py", SHOP)
    application.place("shop/stale.py", "# one more line\n" + SHOP)
    shop = application.module("shop.stale")
    application.install()
    shop.greet()

    assert said(handler.only)["aiprov.origin"] == "unknown"
    assert said(handler.only)["aiprov.match"] == "stale"


def test_what_was_declared_is_said(application, handler):
    """
    A function that states its own provenance has it on what it logs, too.
    """
    shop = application.module("shop.logging", SHOP)
    provenance(origin="mixed", agent="me", commit="abc", span=False)(shop.greet)
    application.install()
    shop.greet()
    shop.person()

    first, second = map(said, handler.records)
    assert (first["aiprov.origin"], first["aiprov.agent.name"]) == ("mixed", "me")
    assert (first["aiprov.commit.id"], first["aiprov.match"]) == ("abc", "declared")
    assert second["aiprov.origin"] == "human"


def test_less_is_said_by_choice(application, handler):
    """
    `attributes="minimal"` and `commits="ai-only"` hold for logs as for spans.
    """
    shop = application.module("shop.logging", SHOP)
    application.install(attributes="minimal", commits="ai-only")
    shop.person()
    shop.report()

    first, second = map(said, handler.records)
    assert first == {"aiprov.origin": "human"}
    assert set(second) == {
        "aiprov.origin",
        "aiprov.model.name",
        "aiprov.commit.id",
        "aiprov.exception.origin",
    }


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("how", ["around", "instead"])
def test_a_record_factory_of_the_application_works_on(application, handler, order, how):
    """
    Set before or after `install()`, around the one that was there or in its place.
    """
    shop = application.module("shop.logging", SHOP)
    before = logging.getLogRecordFactory() if how == "around" else logging.LogRecord

    def factory(*args, **kwargs):
        record = before(*args, **kwargs)
        record.request = "r1"
        return record

    if order == "after":
        application.install()
    logging.setLogRecordFactory(factory)
    if order == "before":
        application.install()
    shop.greet()
    aiprov_otel.install().uninstall()
    shop.greet()

    inside, outside = handler.records
    assert (inside.request, outside.request) == ("r1", "r1")
    assert said(inside)["aiprov.origin"] == "ai"
    assert not said(outside)
    assert logging.getLogRecordFactory() is factory


def test_a_class_of_loggers_with_records_of_its_own(shop, handler):
    """
    A logger that makes its records through the one of `logging` is met.
    """
    logger = shop.Own("own")
    logger.addHandler(handler)
    shop.call(logger.info, "mine")

    assert said(handler.only)["aiprov.origin"] == "ai"


def test_extra_may_name_the_same_keys(shop, handler):
    """
    What the caller says through `extra` is no clash, and stays.
    """
    shop.greet(extra={"aiprov.origin": "mixed", "order": 7})
    shop.greet(extra={"aiprov.agent.name": "mine"})

    first, second = map(vars, handler.records)
    assert said(handler.records[0]) == {"aiprov.origin": "mixed"}
    assert first["order"] == 7
    assert (second["aiprov.origin"], second["aiprov.agent.name"]) == ("ai", "mine")


def test_formatters_work_on(shop, handler):
    """
    Each style formats as before, and `%(aiprov.origin)s` says what it says.
    """
    shop.greet()
    record = handler.only

    assert logging.Formatter("%(levelname)s %(message)s").format(record) == "INFO hello you"
    assert logging.Formatter("{levelname} {message}", style="{").format(record) == "INFO hello you"
    assert logging.Formatter("$levelname $message", style="$").format(record) == "INFO hello you"
    assert logging.Formatter("%(message)s %(aiprov.origin)s").format(record) == "hello you ai"


def test_records_are_copied_and_pickled(shop, handler):
    """
    What is said goes with a record to another process, and can be written as JSON.
    """
    shop.report()
    record = copy.copy(handler.only)
    record.exc_info = None

    sent = pickle.loads(pickle.dumps(record))
    socket = logging.handlers.SocketHandler("127.0.0.1", 1)
    made = logging.makeLogRecord(pickle.loads(socket.makePickle(handler.only)[4:]))

    assert said(sent) == said(made) == said(handler.only)
    assert json.loads(json.dumps(said(sent))) == said(handler.only)


def test_records_go_through_a_queue(shop, handler):
    """
    What the line logged is said by the thread that logged it, and not that of the listener.
    """
    waiting = queue.Queue()
    logger = logging.getLogger("shop")
    sending = logging.handlers.QueueHandler(waiting)
    logger.addHandler(sending)
    logger.propagate = False
    listener = logging.handlers.QueueListener(waiting, handler)
    listener.start()
    try:
        shop.report()
    finally:
        listener.stop()
        logger.removeHandler(sending)
        logger.propagate = True

    assert said(handler.only)["aiprov.origin"] == "ai"
    assert said(handler.only)["aiprov.exception.origin"] == "human"


def test_a_record_made_of_nothing_is_left_alone(shop, handler):
    """
    Whoever makes records by hand, without a file or an exception, gets them as they were.
    """
    log = logging.getLogger("by hand")
    made = log.makeRecord("n", logging.INFO, "", 0, "m", (), None)
    odd = log.makeRecord("n", logging.INFO, "(unknown file)", 0, "m", (), (None, None, None))

    assert not said(made)
    assert not said(odd)


def test_after_uninstall_loggers_are_as_they_were(application):
    """
    The method of the standard library is back, the same object.
    """
    original = logging.Logger.makeRecord
    with application.install():
        assert logging.Logger.makeRecord is not original
    assert logging.Logger.makeRecord is original


def test_a_later_patch_of_somebody_else_stays(application, handler):
    """
    Under a patch that came later ours stays, and says nothing any more.
    """
    shop = application.module("shop.logging", SHOP)
    original = logging.Logger.makeRecord
    installation = application.install()
    ours = logging.Logger.makeRecord

    def theirs(*args, **kwargs):
        return ours(*args, **kwargs)

    logging.Logger.makeRecord = theirs
    try:
        installation.uninstall()
        shop.greet()
        assert logging.Logger.makeRecord is theirs
    finally:
        logging.Logger.makeRecord = original

    assert not said(handler.only)


def test_below_the_level_nothing_happens(shop, handler):
    """
    What is not logged makes no record, and so asks for nothing.
    """
    logging.getLogger().setLevel(logging.WARNING)
    shop.greet()

    assert not handler.records
    assert not aiprov_otel.runtime.state.annotator().lines._places


def test_an_error_of_ours_is_not_the_loggers(shop, handler, caplog, monkeypatch):
    """
    What goes wrong inside is logged once, and the record is made without us.
    """
    monkeypatch.setenv("AIPROV_STRICT", "false")
    aiprov_otel.runtime.state.annotator().lines._places = None
    shop.greet()

    assert caplog.text.count("(provenance-failed)") == 1
    assert handler.only.getMessage() == "hello you"
    assert not said(handler.only)
