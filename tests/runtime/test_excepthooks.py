"""Exceptions that nobody handles: one log record each, and Python does what it does."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import sys
import threading
from pathlib import Path

import pytest

import aiprov_otel
from support.application import HUMAN, process
from support.collector import collector, exporting
from support.records import Records
from support.service import all_but

SHOP = """\
def fail(error=KeyError("apple")):
    raise error  # human


def wrap():
    try:
        fail()
    except KeyError as error:
        raise LookupError from error


class Failing:
    def __del__(self):
        fail(OSError("too late"))


def drop():
    Failing()
"""


@pytest.fixture
def hooks(monkeypatch):
    """What stands in the three hooks before us, and what it was called with."""
    called = []

    def hook(*args):
        called.append(args)

    monkeypatch.setattr(sys, "excepthook", hook)
    monkeypatch.setattr(threading, "excepthook", hook)
    monkeypatch.setattr(sys, "unraisablehook", hook)
    return called


@pytest.fixture
def records():
    """A provider and its records."""
    return Records()


@pytest.fixture
def shop(application, hooks, records):
    """The shop above, installed for that provider."""
    shop = application.module("shop.dying", SHOP)
    application.install(logger_provider=records.provider)
    return shop


def unhandled(function, *given):
    """Hand what *function* raises to `sys.excepthook`, as Python does with it."""
    try:
        function(*given)
    except BaseException as error:  # noqa: BLE001 (what is no failure comes here too)
        sys.excepthook(type(error), error, error.__traceback__)


def in_thread(function, *given):
    """Let *function* raise on a thread of its own."""
    thread = threading.Thread(target=function, args=given, name="till")
    thread.start()
    thread.join()


def test_what_ends_the_process_is_one_fatal_record(shop, records, hooks):
    """
    In the form of the semantic conventions, with the line that raised; the hook before us ran.
    """
    unhandled(shop.fail)

    record, said = records.only, records.said
    assert (record.event_name, record.body) == ("exception", "Unhandled exception")
    assert (record.severity_text, record.severity_number.name) == ("FATAL", "FATAL")
    assert record.timestamp is not None
    assert said.pop("exception.stacktrace").rstrip().endswith("KeyError: 'apple'")
    assert said == {
        "exception.type": "KeyError",
        "exception.message": "'apple'",
        "aiprov.exception.origin": "human",
        "aiprov.exception.commit.id": HUMAN.commit,
        "aiprov.exception.commit.time": HUMAN.time,
        "aiprov.exception.evidence.kind": "unmarked",
        "aiprov.file.path": "src/shop/dying.py",
        "code.function.name": "shop.dying.fail",
        "code.file.path": shop.__file__,
        "code.line.number": 2,
    }
    assert [kind for ((kind, *_),) in [hooks]] == [KeyError]


def test_what_ends_a_thread_is_one_error(shop, records, hooks):
    """
    The record names the thread; the process lives on.
    """
    in_thread(shop.wrap)

    assert records.only.severity_text == "ERROR"
    assert records.only.body == "Unhandled exception in thread till"
    assert records.said["aiprov.exception.origin"] == "ai"
    assert records.said["aiprov.exception.cause.origin"] == "human"
    assert hooks[0][0].exc_type is LookupError


def test_what_can_not_be_raised_is_one_error(shop, records, hooks):
    """
    An exception in a finalizer, which Python only prints, is told too.
    """
    shop.drop()

    assert records.only.severity_text == "ERROR"
    assert records.said["exception.type"] == "OSError"
    assert records.said["code.function.name"] == "shop.dying.fail"
    assert hooks[0][0].exc_type is OSError


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        SystemExit(1),
        GeneratorExit(),
        asyncio.CancelledError(),
        concurrent.futures.CancelledError(),
    ],
    ids=lambda error: type(error).__module__ + "." + type(error).__name__,
)
def test_what_is_no_failure_is_not_told(shop, records, hooks, error):
    """
    To be interrupted, to exit and to be canceled are not failures; the hook before us runs.
    """
    unhandled(shop.fail, error)
    in_thread(sys.excepthook, type(error), error, None)

    assert not records.all
    assert len(hooks) == 2


def test_without_a_provider_nothing_happens(application, hooks):
    """
    Nobody takes log records: the hook before us is called, and that is all.
    """
    shop = application.module("shop.dying", SHOP)
    application.install()
    unhandled(shop.fail)

    assert len(hooks) == 1


def test_a_hook_that_fails_is_not_in_the_way(application, monkeypatch, records):
    """
    What the hook before us raises is raised, and the exception is told all the same.
    """

    def hook(*_):
        raise OSError

    monkeypatch.setattr(sys, "excepthook", hook)
    shop = application.module("shop.dying", SHOP)
    application.install(logger_provider=records.provider)
    with pytest.raises(OSError):
        unhandled(shop.fail)

    assert records.said["exception.type"] == "KeyError"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the SDK's own handler
@pytest.mark.parametrize(("exports", "told"), [(True, 1), (False, 1)], ids=["exported", "printed"])
def test_what_was_logged_before_is_not_told_again(shop, records, exports, told):
    """
    A thread logs its exception and dies of it: one record, whether or not the log is exported.
    """
    from opentelemetry.sdk._logs import LoggingHandler

    def logged():
        try:
            shop.fail()
        except KeyError:
            log.exception("it failed")
            raise

    log = logging.getLogger("dying")
    handler = LoggingHandler(logger_provider=records.provider) if exports else logging.NullHandler()
    log.addHandler(handler)
    try:
        in_thread(logged)
    finally:
        log.removeHandler(handler)

    assert len(records.all) == told
    assert records.only.body == ("it failed" if exports else "Unhandled exception in thread till")
    assert records.said["aiprov.exception.origin"] == "human"


def test_after_uninstall_the_hooks_are_those_of_before(shop, records, hooks):
    """
    Each hook is the same object again, and nothing is told.
    """
    aiprov_otel.install().uninstall()
    unhandled(shop.fail)

    assert sys.excepthook is threading.excepthook is sys.unraisablehook
    assert (len(hooks), len(records.all)) == (1, 0)


def test_a_later_hook_of_somebody_else_stays(shop, records, hooks, monkeypatch):
    """
    Under a hook that came later ours stays, and tells nothing any more.
    """
    ours = sys.excepthook

    def theirs(*args):
        ours(*args)

    monkeypatch.setattr(sys, "excepthook", theirs)
    aiprov_otel.install().uninstall()
    unhandled(shop.fail)

    assert sys.excepthook is theirs
    assert (len(hooks), len(records.all)) == (1, 0)


DYING = """
import logging, threading
import shop.dying
thread = threading.Thread(target=shop.dying.wrap, name="till")
thread.start()
thread.join()
shop.dying.drop()
shop.dying.fail()
"""


def test_a_service_that_dies_is_told_to_the_collector(application):
    """
    Under `opentelemetry-instrument` all three arrive over OTLP, and Python prints what it prints.
    """
    application.write("shop/dying.py", SHOP)
    application.manifest()
    instrument = str(Path(sys.executable).with_name("opentelemetry-instrument"))
    with collector() as sent:
        done = process(
            DYING,
            application.folder,
            instrument,
            sys.executable,
            # Another instrumentation may tell of the same exceptions.
            OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=all_but([]),
            **exporting(sent.endpoint),
        )
        arrived = {record.severity + record.body: record for record in sent.wait(3)}

    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("KeyError: 'apple'")
    assert "Exception in thread till" in done.stderr
    assert "aiprov" not in done.stderr
    assert set(arrived) == {
        "FATALUnhandled exception",
        "ERRORUnhandled exception in thread till",
        "ERRORException ignored",
    }
    fatal = arrived["FATALUnhandled exception"]
    assert (fatal.scope, fatal.event) == ("aiprov_otel", "exception")
    assert fatal.attributes["aiprov.exception.origin"] == "human"
    assert fatal.attributes["code.line.number"] == 2
    assert fatal.attributes["exception.type"] == "KeyError"


LAST = """
import threading
import aiprov_otel
from opentelemetry.sdk.trace import TracerProvider
aiprov_otel.install(manifest="aiprov.manifest", tracer_provider=TracerProvider())
import shop.dying
threading.last = shop.dying.Failing()
"""


@pytest.mark.parametrize("annotated", ["true", "false"])
def test_what_python_does_last_is_printed_and_no_more(application, annotated):
    """
    In a finalizer that runs when the modules are gone, an exception is printed as without us.
    """
    application.write("shop/dying.py", SHOP.replace('fail(OSError("too late"))', "1 / 0"))
    application.manifest()
    asked = {"AIPROV_ANNOTATED_TRACEBACK": annotated, "AIPROV_STRICT": ""}
    done = process(LAST, application.folder, sys.executable, **asked)

    assert done.returncode == 0
    assert done.stderr.startswith("Exception ignored in: <function Failing.__del__")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert done.stderr.count("Exception ignored") == 1


class Mute(Exception):
    """One that fails to say what it is."""

    def __str__(self):
        raise OSError


def test_an_exception_that_can_not_say_what_it_is_is_told(shop, records):
    """
    With the words that Python prints for it, in the place of its message.
    """
    unhandled(shop.fail, Mute())

    assert records.said["exception.message"] == "<exception str() failed>"
    assert records.said["aiprov.exception.origin"] == "human"
