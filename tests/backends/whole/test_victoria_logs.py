"""VictoriaLogs takes the log records of a service, and finds them by who wrote the line."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from aiprov_otel import attributes
from support import victoria_logs
from support.application import AI, HUMAN
from support.waiting import until

if reason := victoria_logs.why_not():
    pytest.skip(reason, allow_module_level=True)

PAGE = (Path(__file__).parents[3] / "docs" / "guides" / "traces-and-queries.md").read_text()
(SHOWN,) = re.findall(r"^```logsql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
BY_ORIGIN, RAISED, COUNTED = (line.partition("  #")[0] for line in SHOWN.splitlines())
LOGGED = Counter({("ai", "ERROR"): 3, ("human", "ERROR"): 2, ("ai", "INFO"): 4})


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """One that has what a service logged."""
    with victoria_logs.victoria_logs(tmp_path_factory.mktemp("logs")) as address:
        provider = LoggerProvider(Resource({"service.name": "shop"}), shutdown_on_exit=False)
        exporter = OTLPLogExporter(f"{address}/insert/opentelemetry/v1/logs")
        provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
        for (origin, severity), number in LOGGED.items():
            by = AI if origin == "ai" else HUMAN
            said = attributes.of_log(by)
            if severity == "ERROR":
                said |= attributes.of_exception(by)
            for _ in range(number):
                provider.get_logger("shop").emit(
                    severity_number=SeverityNumber[severity],
                    severity_text=severity,
                    body="an order",
                    attributes=said,
                )
        provider.shutdown()
        until(
            lambda: len(victoria_logs.found(address, "*")) == LOGGED.total(),
            "all records are there",
        )
        yield address


def test_errors_are_found_by_who_wrote_the_line_that_logged(address):
    """
    Those of AI-written lines, and no others, with the commit.
    """
    rows = victoria_logs.found(address, BY_ORIGIN)

    assert len(rows) == LOGGED["ai", "ERROR"]
    assert {row["aiprov.commit.id"] for row in rows} == {AI.commit}


def test_exceptions_are_found_by_the_commit_that_raised(address):
    """
    With the commit of the page in place of that of the line.
    """
    rows = victoria_logs.found(address, RAISED.replace("9fd81c2…", f"{HUMAN.commit}"))

    assert len(rows) == LOGGED["human", "ERROR"]


def test_errors_are_counted_by_origin(address):
    """
    A row for each origin of the line that raised.
    """
    rows = victoria_logs.found(address, COUNTED)

    assert {row["aiprov.exception.origin"]: int(row["errors"]) for row in rows} == {
        "ai": LOGGED["ai", "ERROR"],
        "human": LOGGED["human", "ERROR"],
    }
