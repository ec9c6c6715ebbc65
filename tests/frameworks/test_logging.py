"""docs/guides/logs.md is run, and what `logging` and structlog send arrives over OTLP."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from support.application import Application, process
from support.collector import collector, exporting
from support.service import all_but, executable

pytest.importorskip("opentelemetry.instrumentation.logging")

PAGE = (Path(__file__).parents[2] / "docs" / "guides" / "logs.md").read_text()
BLOCKS = re.findall(
    r"^```python\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", PAGE, re.MULTILINE | re.DOTALL
)

SHOP = """\
import logging
import threading


def fail():
    raise KeyError("apple")  # human


def report():
    try:
        fail()
    except KeyError:
        logging.getLogger("shop").exception("it failed")
        raise


logging.getLogger("shop").warning("hello %s", "you")  # human
threading.Thread(target=report).start()
"""

STRUCTLOG = """\
import structlog

structlog.get_logger().warning("hello", fruit="apple")  # human
"""


@pytest.fixture
def application(tmp_path):
    """An application in a folder of its own."""
    return Application(tmp_path)


@pytest.fixture
def sent():
    """A collector of log records."""
    with collector() as found:
        yield found


def instrumented(application, text, endpoint, *names, **environ):
    """Run *text*, as a service of this application, with the instrumentations *names*."""
    application.write("service.py", text)
    application.manifest()
    done = process(
        "import service",
        application.folder,
        executable("opentelemetry-instrument"),
        sys.executable,
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=all_but(names),
        **exporting(endpoint),
        **environ,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_the_page_has_its_programs():
    """
    Each of the two recipes for structlog, and each of the formats, is a program.
    """
    assert len(BLOCKS) == 5


@pytest.mark.parametrize(("program", "shown"), BLOCKS, ids=range(len(BLOCKS)))
def test_a_program_of_the_page_prints_what_it_shows(application, program, shown):
    """
    A reader who pastes a program of docs/guides/logs.md sees what stands below it.
    """
    application.write("program.py", program)
    application.manifest()

    done = process(
        "import runpy; runpy.run_path('program.py', run_name='__main__')", application.folder
    )
    lines = [".*?".join(map(re.escape, line.split("…"))) for line in shown.splitlines()]

    assert done.returncode == 0, done.stderr
    assert re.fullmatch("\n".join(lines), done.stdout.rstrip()), done.stdout


@pytest.mark.parametrize("code", ["true", "false"])
def test_records_of_logging_arrive(application, sent, code):
    """
    Who logged and who raised are attributes; a thread that dies of what it logged is told once.
    """
    instrumented(application, SHOP, sent.endpoint, "logging", OTEL_PYTHON_LOG_CODE_ATTRIBUTES=code)
    hello, failed = sorted(sent.wait(2), key=lambda record: record.body)

    assert (hello.scope, hello.body) == ("shop", "hello you")
    assert hello.attributes["aiprov.origin"] == "human"
    assert (failed.scope, failed.body) == ("shop", "it failed")
    assert failed.attributes["aiprov.origin"] == "ai"
    assert failed.attributes["aiprov.exception.origin"] == "human"
    # The instrumentation says where it was logged, or nobody does.
    assert failed.attributes.get("code.line.number") == (13 if code == "true" else None)


def test_events_of_structlog_arrive(application, sent):
    """
    Its instrumentation emits through the logs API, on behalf of the line that logged.
    """
    pytest.importorskip("opentelemetry.instrumentation.structlog")
    instrumented(application, STRUCTLOG, sent.endpoint, "structlog")
    (record,) = sent.wait()

    assert record.body == "hello"
    assert record.attributes["fruit"] == "apple"
    assert record.attributes["aiprov.origin"] == "human"


def test_an_exception_that_others_emit_is_told_once(application, sent):
    """
    `opentelemetry-instrumentation-exceptions` emits what kills a thread: that record is ours too.
    """
    pytest.importorskip("opentelemetry.instrumentation.exceptions")
    text = SHOP.replace("target=report", "target=fail")
    instrumented(application, text, sent.endpoint, "exceptions")
    (record,) = sent.wait()

    assert record.scope == "opentelemetry.instrumentation.exceptions"
    assert record.attributes["aiprov.exception.origin"] == "human"
