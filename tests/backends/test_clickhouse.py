"""The ten questions, asked of ClickHouse's engine about traces whose answers are known."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median

import pytest

from aiprov_otel.backends import texts
from aiprov_otel.report.statistics.rates import mantel_haenszel
from aiprov_otel.report.statistics.strata import Tally
from support.clickhouse import clickhouse
from support.traces import (
    CHARGE_BEFORE,
    FAILURES,
    LEGACY,
    ROUTES,
    TRACES,
    UNITS,
    rows,
)

FILES = {
    name.removeprefix("clickhouse/"): text
    for name, text in texts().items()
    if name.startswith("clickhouse/")
}
QUESTIONS = {name[:2]: text for name, text in FILES.items() if re.match(r"\d\d-", name)}
VIEWS = [text for name, text in FILES.items() if name.startswith("views/otel_")]
OVER_VIEWS = {name: text for name, text in FILES.items() if re.match(r"views/\d\d-", name)}
EACH_FAILED_CALL = OVER_VIEWS.pop("views/07-did-a-commit-change-errors.sql")


TO = {"database": "otel", "default_format": "JSONEachRow"}
NUMBERS = {"output_format_json_quote_64bit_integers": "0"}


@pytest.fixture(scope="module")
def asked():
    """Ask the engine, which has the views, and has been given the spans in several batches."""
    with clickhouse() as server:
        for statement in ";".join(VIEWS).split(";"):
            if statement.strip():
                server.query(statement, TO)
        lines = [json.dumps(row) for row in rows()]
        for batch in range(0, len(lines), 3_000):
            some = "\n".join(lines[batch : batch + 3_000])
            server.query(f"INSERT INTO otel_traces FORMAT JSONEachRow {some}", TO)
        yield lambda sql: [
            json.loads(line) for line in server.query(sql, TO | NUMBERS).splitlines()
        ]


@pytest.fixture(scope="module")
def answers(asked):
    """What each question returns, by its number."""
    return {number: asked(sql) for number, sql in QUESTIONS.items()}


def of(spans, key) -> Counter:
    """How many *spans* have each value of *key*."""
    return Counter(key(span) for span in spans)


def test_there_are_ten_questions_and_each_returns_rows(answers):
    """
    Each of the ten is a statement that ClickHouse takes, and has an answer here.
    """
    assert list(answers) == [f"{number:02}" for number in range(1, 11)]
    assert all(answers.values())


def within(calls, errors, strata):
    """The ratio of Mantel and Haenszel over *strata*, of counts by stratum and origin."""
    return mantel_haenszel(
        Tally(
            calls[*stratum, "ai"],
            errors[*stratum, "ai"],
            calls[*stratum, "human"],
            errors[*stratum, "human"],
        )
        for stratum in strata
    )


def test_1_the_ratio_within_routes(answers):
    """
    Mantel-Haenszel over routes, and the crude ratio, of failures counted once.
    """
    (row,) = answers["01"]
    calls = of(UNITS, lambda span: (span.route, span.function.origin))
    errors = of(FAILURES, lambda span: (span.route, span.function.origin))

    assert row["routes_with_both"] == 2
    assert row["ai_errors"] == sum(errors[route, "ai"] for route in ROUTES)
    assert row["human_calls"] == sum(calls[route, "human"] for route in ROUTES)
    assert row["ratio_within_routes"] == pytest.approx(
        within(calls, errors, [(route,) for route in ROUTES])
    )
    assert row["crude_ratio"] == pytest.approx(
        row["ai_errors"] / row["ai_calls"] / (row["human_errors"] / row["human_calls"])
    )


def test_2_who_carries_the_failures(answers):
    """
    Failed requests by the origin of what was raised; the shares add up to one.
    """
    failed = of([spans[0] for spans in TRACES if spans[0].raised], lambda span: span.raised.origin)

    assert {row["raised_by"]: row["failed"] for row in answers["02"]} == failed
    assert sum(row["share"] for row in answers["02"]) == pytest.approx(1)


def test_3_which_commit_raised(answers):
    """
    Each commit with its exceptions, and the line that raised.
    """
    raised = of(FAILURES, lambda span: span.raised.commit)

    assert {row["commit"]: row["exceptions"] for row in answers["03"]} == raised
    assert {row["line"] for row in answers["03"]} == {"shop.py:7"}
    assert answers["03"][0]["commit"] == raised.most_common()[0][0]


def test_4_which_model(answers):
    """
    Calls and errors of the code of each model, the worst first.
    """
    calls = of([s for s in UNITS if s.function.origin == "ai"], lambda span: span.function.model)
    errors = of([s for s in FAILURES if s.function.origin == "ai"], lambda s: s.function.model)

    found = {row["model"]: (row["calls"], row["errors"]) for row in answers["04"]}
    assert found == {model: (calls[model], errors[model]) for model in calls}
    ratios = [row["error_ratio"] for row in answers["04"]]
    assert ratios == sorted(ratios, reverse=True)


def test_5_self_time(answers):
    """
    The median of the time that was spent in the function itself.
    """
    spent = defaultdict(list)
    for span in UNITS:
        spent[span.function.origin].append(span.self_ms)

    found = {row["origin"]: row["self_p50_ms"] for row in answers["05"]}
    assert found.keys() == spent.keys()
    for origin, each in spent.items():
        assert found[origin] == pytest.approx(median(each), abs=1)


def test_6_what_is_different(answers):
    """
    The attribute that all failures have, and nothing else has, comes first.
    """
    first = answers["06"][0]

    assert (first["key"], first["value"]) == ("tenant", "large")
    assert (first["share_of_failed"], first["share_of_others"]) == (1, 0)


def test_7_before_and_after_a_commit(answers):
    """
    The function that changed hands fails more than it did; the row has both ratios.
    """
    first = answers["07"][0]
    before = [s for s in UNITS if s.function is CHARGE_BEFORE]

    assert (first["function"], first["commit"], first["commit_before"]) == (
        "shop.bank.charge",
        "c4",
        "c5",
    )
    assert first["error_ratio"] > first["error_ratio_before"]
    assert first["error_ratio_before"] == pytest.approx(
        len([s for s in before if s.raised]) / len(before)
    )


def versions(spans) -> Counter:
    """How many *spans* each commit has that a function ran with."""
    return of([span for span in spans if span.function.commit], lambda span: span.function.commit)


def test_7_counts_a_failure_for_the_innermost_function(answers):
    """
    Of each commit all calls, and the failures that began in it: no handler has those of others.
    """
    calls, errors = versions(UNITS), versions(FAILURES)

    assert {row["commit"]: (row["calls"], row["errors"]) for row in answers["07"]} == {
        commit: (calls[commit], errors[commit]) for commit in calls
    }


def test_7_over_a_view_counts_each_failed_call(asked):
    """
    The handler's commit has what its functions failed too.
    """
    failed = versions([span for span in UNITS if span.raised])

    found = {row["commit"]: row["errors"] for row in asked(EACH_FAILED_CALL) if row["errors"]}

    assert found == failed
    assert failed != versions(FAILURES)


def test_8_the_exposure(answers):
    """
    Calls and requests by origin.
    """
    calls = of(UNITS, lambda span: span.function.origin)
    requests = of([spans[0] for spans in TRACES], lambda span: span.function.origin)

    assert {row["origin"]: row["calls"] for row in answers["08"]} == calls
    assert {row["origin"]: row["requests"] for row in answers["08"] if row["requests"]} == requests
    assert sum(row["share_of_calls"] for row in answers["08"]) == pytest.approx(1)
    assert sum(row["share_of_requests"] for row in answers["08"]) == pytest.approx(1)


BANDS = {7: "1: a week", 30: "2: a month", 365: "3: a year", 9_999: "4: older"}


def band(span):
    """How old the function was, on which route, and its origin."""
    age = next(name for days, name in BANDS.items() if span.function.days < days)
    return age, span.route, span.function.origin


def test_9_age(answers):
    """
    The ratio within routes in each band of age, and that within routes and bands, by itself.
    """
    calls = of([span for span in UNITS if span.function.commit], band)
    errors = of(FAILURES, band)
    *each, whole = answers["09"]

    assert [row["age"] for row in each] == list(BANDS.values())
    assert whole["age"] == "all, within ages"
    for row in each:
        strata = [(row["age"], route) for route in ROUTES]
        for origin in ("ai", "human"):
            assert row[f"{origin}_calls"] == sum(calls[*stratum, origin] for stratum in strata)
            assert row[f"{origin}_errors"] == sum(errors[*stratum, origin] for stratum in strata)
        assert row["ratio_within_routes"] == pytest.approx(within(calls, errors, strata))
    assert whole["ratio_within_routes"] == pytest.approx(
        within(calls, errors, [(age, route) for age in BANDS.values() for route in ROUTES])
    )


def test_10_what_is_unknown(answers):
    """
    The calls of unknown origin, with what the running code met.
    """
    unknown = [row for row in answers["10"] if row["unknown"]]

    assert [(row["match"], row["evidence"]) for row in unknown] == [("missing", "none")]
    assert unknown[0]["calls"] == len([s for s in UNITS if s.function is LEGACY])
    assert sum(row["share"] for row in answers["10"]) == pytest.approx(1)


@pytest.mark.parametrize("name", OVER_VIEWS)
def test_a_view_answers_as_the_spans_do(asked, answers, name):
    """
    The same question of a materialized view has the same rows, in the same order.
    """
    assert asked(OVER_VIEWS[name]) == answers[Path(name).name[:2]]


def test_a_view_is_small(asked):
    """
    It holds a row for each combination in an hour, and not one for each span.
    """
    (held,) = asked("SELECT count() AS rows FROM otel_aiprov_hours FINAL")

    assert 0 < held["rows"] < len(UNITS) / 100
