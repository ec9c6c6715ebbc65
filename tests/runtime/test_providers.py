"""Providers of the logs API: each is covered, in time, whenever it is made."""

from __future__ import annotations

import pytest
from opentelemetry import _logs
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor

from aiprov_otel import ProvenanceLogRecordProcessor
from support.application import run
from support.records import Records

SHOP = "def emit(logger):\n    logger.emit(body='hello')\n"

# A process of its own, since the global provider can be set once.
PROLOGUE = """
from opentelemetry import _logs
import aiprov_otel
made = None
def setting(provider):
    _logs.set_logger_provider(provider)
def records():
    global made
    from support.records import Records
    made = Records()
    return made.provider
def seen():
    import shop.orders
    shop.orders.emit(_logs.get_logger("x"))
    print(made.said.get("aiprov.origin"))
"""


@pytest.fixture
def tests(request):
    """Where `support` is, for another process."""
    return {"PYTHONPATH": str(request.config.rootpath / "tests")}


@pytest.mark.parametrize(
    "order",
    [
        "setting(records()); aiprov_otel.install()",
        "aiprov_otel.install(); setting(records())",
        "it = records(); aiprov_otel.install(); setting(it)",
        "_logs.get_logger('x'); aiprov_otel.install(); setting(records())",
        "p = records(); aiprov_otel.install(logger_provider=p); setting(p)",
        "with aiprov_otel.install(): p = records()\naiprov_otel.install(); setting(p)",
    ],
    ids=["before", "after", "made before, set after", "proxy", "given", "installed again"],
)
def test_a_provider_may_be_made_before_or_after(application, tests, order):
    """
    In whatever order provider and install come, what it exports at once is annotated.
    """
    application.write("shop/orders.py", SHOP)
    application.manifest()

    assert run(PROLOGUE + order + "\nseen()", application.folder, **tests) == "ai\n"


def test_the_logs_of_the_sdk_are_not_imported_for_us(application):
    """
    `install()` imports no logs of the SDK, which would detect a resource, and sets no provider.
    """
    asked = (
        "import sys; import aiprov_otel; aiprov_otel.install()\n"
        "from opentelemetry import _logs\n"
        "provider = type(_logs.get_logger_provider()).__name__\n"
        "print('opentelemetry.sdk._logs' in sys.modules, provider)"
    )

    assert run(asked, application.folder) == "False ProxyLoggerProvider\n"


def test_a_provider_is_covered_once(application):
    """
    Going in and out does not heap processors on a provider.
    """
    records = Records()
    for _ in range(3):
        with application.install(logger_provider=records.provider):
            _logs.get_logger_provider()

    assert [type(each) for each in processors(records.provider)] == [
        ProvenanceLogRecordProcessor,
        SimpleLogRecordProcessor,
    ]


def test_after_uninstall_a_new_provider_is_the_sdks(application):
    """
    Constructor and setter are those of before.
    """
    made, setter = LoggerProvider.__init__, _logs.set_logger_provider
    with application.install():
        assert LoggerProvider.__init__ is not made

    assert (LoggerProvider.__init__, _logs.set_logger_provider) == (made, setter)
    assert processors(LoggerProvider(shutdown_on_exit=False)) == ()


def processors(provider):
    """A canary: the SDK's list of processors, which ours is put first in."""
    several = provider._multi_log_record_processor
    assert several._lock
    assert isinstance(several._log_record_processors, tuple)
    return several._log_record_processors
