"""The statements of the dashboard over ClickHouse, asked of its engine about known traces."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from aiprov_otel.backends import texts
from support.clickhouse import clickhouse

BOARD = json.loads(texts()["grafana/aiprov-commits.json"])
STATEMENTS = {
    panel["title"]: target["rawSql"]
    for panel in BOARD["panels"]
    for target in panel.get("targets", ())
}
NOW = datetime.now(UTC).replace(microsecond=0)
BEGIN = NOW - timedelta(hours=1)
OLD, NEW = "4c19c4e1d0", "9fd81c2a4b"
WHO = {OLD: ("human", ""), NEW: ("ai", "claude-opus-4-6")}
CALLS = 40
"""Of `charge` with each commit, under a handler that a person wrote; the first tenth fail."""

FAILED = {OLD: 1, NEW: 10}
DEPLOYED = BEGIN + timedelta(seconds=45 * CALLS)


def span(trace, number, function, commit, at, failed):
    """A row as the Collector's exporter writes it."""
    origin, model = WHO[commit]
    said = {
        "aiprov.origin": origin,
        "aiprov.model.name": model,
        "aiprov.unit": "function" if number == 2 else "handler",
        "aiprov.commit.id": commit,
        "code.function.name": function,
    }
    row = {
        "Timestamp": said_as(at),
        "TraceId": f"{trace:032x}",
        "SpanId": f"{number:016x}",
        "ParentSpanId": "0000000000000001" if number == 2 else "",
        "SpanName": function,
        "ServiceName": "shop",
        "SpanAttributes": {key: value for key, value in said.items() if value},
        "StatusCode": "Error" if failed else "Unset",
        "ResourceAttributes": {"vcs.ref.head.revision": "5be1c0d" if at < DEPLOYED else NEW},
    }
    return row | (raised(commit, at, trace) if failed else {})


def raised(commit, at, trace):
    """The exception, which the handler's span has too."""
    origin, model = WHO[commit]
    said = {
        "exception.type": "KeyError",
        "exception.message": f"order {trace}",
        "aiprov.exception.origin": origin,
        "aiprov.exception.model.name": model,
        "aiprov.exception.commit.id": commit,
        "aiprov.file.path": "src/shop/bank.py",
        "code.line.number": "7",
    }
    return {
        "Events.Timestamp": [said_as(at)],
        "Events.Name": ["exception"],
        "Events.Attributes": [said],
    }


def said_as(at):
    """A time as ClickHouse reads it."""
    return at.strftime("%Y-%m-%d %H:%M:%S.000000000")


def spans():
    """A request a minute, later with the new commit; what a line raises leaves its handler."""
    for number in range(2 * CALLS):
        commit = OLD if number < CALLS else NEW
        failed = number % CALLS < FAILED[commit]
        at = BEGIN + timedelta(seconds=45 * number)
        handler = span(number, 1, "shop.app.pay", OLD, at, failed)
        if failed:
            handler |= raised(commit, at, number)
        yield handler
        yield span(number, 2, "shop.bank.charge", commit, at, failed)


def filled(statement):
    """*statement* with what Grafana's data source puts in for macros, as its README says."""
    begin, end = int(BEGIN.timestamp()) - 60, int(NOW.timestamp())
    for pattern, put in (
        (r"\$__timeFilter\((\w+)\)", rf"\1 >= toDateTime({begin}) AND \1 <= toDateTime({end})"),
        (r"\$__timeInterval\((\w+)\)", r"toStartOfInterval(toDateTime(\1), INTERVAL 600 second)"),
        (r"\$\{service:singlequote\}", "'shop','mail'"),
    ):
        statement = re.sub(pattern, put, statement)
    assert "$" not in statement
    return statement


@pytest.fixture(scope="module")
def answers():
    """What each panel, and the variable, shows."""
    to = {"database": "otel", "default_format": "JSONEachRow"}
    (service,) = [one for one in BOARD["templating"]["list"] if one["name"] == "service"]
    (mark,) = BOARD["annotations"]["list"]
    asked = {**STATEMENTS, "services": service["query"], "mark": mark["target"]["rawSql"]}
    with clickhouse() as server:
        lines = "\n".join(json.dumps(row) for row in spans())
        server.query(f"INSERT INTO otel_traces FORMAT JSONEachRow {lines}", to)
        to["output_format_json_quote_64bit_integers"] = "0"
        return {
            title: [json.loads(line) for line in server.query(filled(sql), to).splitlines()]
            for title, sql in asked.items()
        }


def test_exceptions_over_time_add_up(answers):
    """
    Each exception is in one step, under its commit, once.
    """
    found = answers["Which commits' lines raise, and since when?"]

    assert list(found[0]) == ["time", "commit", "exceptions"]
    for commit, number in FAILED.items():
        assert sum(one["exceptions"] for one in found if one["commit"] == commit) == number


def test_lines_that_raised_have_their_commits(answers):
    """
    Each line once, with who wrote it, the one with most exceptions on top.
    """
    found = answers["Which lines raised, of which commit?"]

    assert [
        (one["commit"], one["written by"], one["model"], one["type"], one["line"]) for one in found
    ] == [(commit, *WHO[commit], "KeyError", "src/shop/bank.py:7") for commit in (NEW, OLD)]
    assert [one["exceptions"] for one in found] == [FAILED[NEW], FAILED[OLD]]


def test_a_function_stands_beside_what_it_was(answers):
    """
    The commit that it ran with later has its own error ratio and that of the one before.
    """
    found = answers["Did a commit change how a function fails?"]
    (later,) = [one for one in found if one["commit"] == NEW]

    assert found[0] == later
    assert (later["function"], later["written by"]) == ("shop.bank.charge", "ai")
    assert (later["failed"], later["calls"]) == (FAILED[NEW], CALLS)
    assert later["error ratio"] == FAILED[NEW] / CALLS
    assert later["of the commit before"] == FAILED[OLD] / CALLS
    assert [one["failed"] for one in found if one["function"] == "shop.app.pay"] == [0]


def test_calls_are_counted_by_model(answers):
    """
    A failure counts for the innermost function that it failed; handlers of people are among them.
    """
    found = {
        (one["written by"], one["model"]): (
            one["functions"],
            one["commits"],
            one["failed"],
            one["calls"],
        )
        for one in answers["How do calls end, by model? (crude)"]
    }

    assert found == {
        WHO[OLD]: (2, 1, FAILED[OLD], 3 * CALLS),
        WHO[NEW]: (1, 1, FAILED[NEW], CALLS),
    }


def test_the_services_to_choose_from_say_an_origin(answers):
    """
    The variable offers what is there.
    """
    assert answers["services"] == [{"ServiceName": "shop"}]


def test_a_deployment_is_marked_where_it_begins(answers):
    """
    The revision that came within the time that is shown is, and the one that was there is not.
    """
    (mark,) = answers["mark"]

    assert (mark["title"], mark["text"]) == ("shop runs another revision", NEW)
    assert mark["time"] == said_as(DEPLOYED)
