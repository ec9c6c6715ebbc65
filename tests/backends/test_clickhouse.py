"""The ten questions, asked of ClickHouse's engine about traces whose answers are known."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from aiprov_otel.backends.files import texts
from support.clickhouse import clickhouse

DRAWN = random.Random(11)
NOW = datetime.now(UTC).replace(microsecond=0)
QUESTIONS = {
    name.removeprefix("clickhouse/")[:2]: text
    for name, text in texts().items()
    if name.startswith("clickhouse/")
}


@dataclass(frozen=True)
class Function:
    """A function of the service, and how it does."""

    name: str
    origin: str
    commit: str = ""
    days: int = 0
    model: str = ""
    fails: float = 0.0


BROWSE = Function("shop.app.browse", "human", "c0", 400)
PAY = Function("shop.app.pay", "ai", "c1", 3, "opus", 0.02)
SEARCH = Function("shop.catalog.search", "ai", "c2", 20, "sonnet", 0.05)
PAGE = Function("shop.catalog.page", "human", "c3", 100, fails=0.04)
CHARGE = Function("shop.bank.charge", "ai", "c4", 2, "opus", 0.2)
CHARGE_BEFORE = Function("shop.bank.charge", "human", "c5", 300, fails=0.05)
LEGACY = Function("shop.legacy.round", "unknown")
ROUTES = {
    "GET /catalog": (BROWSE, (SEARCH, PAGE, LEGACY)),
    "POST /pay": (PAY, (CHARGE, PAGE)),
}


@dataclass
class Span:
    """A span as it came about, with the truth about it."""

    trace: int
    number: int
    parent: int | None
    route: str
    name: str
    at: datetime
    unit: str
    function: Function | None
    self_ms: int
    raised: Function | None = None
    raises: bool = False

    def row(self, total_ms: int) -> dict:
        """As the Collector's exporter writes it."""
        return {
            "Timestamp": self.at.strftime("%Y-%m-%d %H:%M:%S.000000000"),
            "TraceId": f"{self.trace:032x}",
            "SpanId": f"{self.number:016x}",
            "ParentSpanId": "" if self.parent is None else f"{self.parent:016x}",
            "SpanName": self.name,
            "SpanKind": {"handler": "Server", "": "Client"}.get(self.unit, "Internal"),
            "ServiceName": "shop",
            "SpanAttributes": self.attributes(),
            "Duration": total_ms * 1_000_000,
            "StatusCode": "Error" if self.raised else "Unset",
        } | self.event()

    def attributes(self) -> dict:
        """What aiprov_otel says of the span."""
        if not (made := self.function):
            return {"db.system.name": "sqlite"}
        said = {
            "aiprov.origin": made.origin,
            "aiprov.unit": self.unit,
            "aiprov.match": "exact" if made.commit else "missing",
            "aiprov.evidence.kind": "co-author" if made.commit else "none",
            "aiprov.model.name": made.model,
            "aiprov.commit.id": made.commit,
            "aiprov.commit.time": time_of(made),
            "code.function.name": made.name,
            "aiprov.error.origin": self.raised.origin if self.raised else "",
            "tenant": "large" if self.raised and made.origin == "ai" else "small",
        }
        return {key: value for key, value in said.items() if value}

    def event(self) -> dict:
        """The exception, at the span that it was raised in."""
        if not (self.raises and self.raised):
            return {}
        said = {
            "exception.type": "KeyError",
            "exception.message": "'x'",
            "aiprov.exception.origin": self.raised.origin,
            "aiprov.exception.commit.id": self.raised.commit,
            "aiprov.exception.model.name": self.raised.model,
            "code.function.name": self.raised.name,
            "aiprov.file.path": "shop.py",
            "code.line.number": "7",
        }
        at = self.at.strftime("%Y-%m-%d %H:%M:%S.000000000")
        return {"Events.Timestamp": [at], "Events.Name": ["exception"], "Events.Attributes": [said]}


def time_of(made: Function) -> str:
    """When its commit landed."""
    if not made.commit:
        return ""
    return (NOW - timedelta(days=made.days, hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def requested(trace: int) -> list[Span]:
    """The spans of a request: its handler, the functions that it calls, and their queries."""
    route, (handler, called) = DRAWN.choice(list(ROUTES.items()))
    at = NOW - timedelta(seconds=3_000 - trace)
    spans = [Span(trace, 1, None, route, route, at, "handler", handler, DRAWN.randrange(1, 30))]
    for made in called:
        one = CHARGE_BEFORE if made is CHARGE and trace < 1_000 else made
        number = len(spans) + 1
        took = DRAWN.randrange(1, 50)
        spans.append(Span(trace, number, 1, route, one.name, at, "function", one, took))
        spans.append(Span(trace, number + 1, number, route, "SELECT", at, "", None, 5))
        if DRAWN.random() < one.fails:
            fail(spans, spans[number - 1], one)
            return spans
    if DRAWN.random() < handler.fails:
        fail(spans, spans[0], handler)
    return spans


def fail(spans: list[Span], failing: Span, raised: Function) -> None:
    """Raise an exception that leaves the function and its handler."""
    failing.raises = True
    failing.raised = spans[0].raised = raised


TRACES = [requested(trace) for trace in range(2_000)]
SPANS = [span for spans in TRACES for span in spans]
UNITS = [span for span in SPANS if span.function]
FAILURES = [span for span in UNITS if span.raises]


def rows() -> list[dict]:
    """All spans; a span lasts as long as it and what it called."""
    found = []
    for spans in TRACES:
        total = {}
        for span in reversed(spans):
            below = sum(total[one.number] for one in spans if one.parent == span.number)
            total[span.number] = span.self_ms + below
        found += [span.row(total[span.number]) for span in spans]
    return found


@pytest.fixture(scope="module")
def answers():
    """What each question returns, by its number."""
    to = {"database": "otel", "default_format": "JSONEachRow"}
    told = {}
    with clickhouse() as server:
        lines = "\n".join(json.dumps(row) for row in rows())
        server.query(f"INSERT INTO otel_traces FORMAT JSONEachRow {lines}", to)
        for number, sql in QUESTIONS.items():
            said = server.query(sql, to | {"output_format_json_quote_64bit_integers": "0"})
            told[number] = [json.loads(line) for line in said.splitlines()]
    return told


def of(spans, key) -> Counter:
    """How many *spans* have each value of *key*."""
    return Counter(key(span) for span in spans)


def test_there_are_ten_questions_and_each_returns_rows(answers):
    """
    Each of the ten is a statement that ClickHouse takes, and has an answer here.
    """
    assert list(answers) == [f"{number:02}" for number in range(1, 11)]
    assert all(answers.values())


def test_1_the_ratio_within_routes(answers):
    """
    Mantel-Haenszel over routes, and the crude ratio, of failures counted once.
    """
    (row,) = answers["01"]
    calls = of(UNITS, lambda span: (span.route, span.function.origin))
    errors = of(FAILURES, lambda span: (span.route, span.function.origin))
    over = under = 0.0
    for route in ROUTES:
        both = calls[route, "ai"] + calls[route, "human"]
        over += errors[route, "ai"] * calls[route, "human"] / both
        under += errors[route, "human"] * calls[route, "ai"] / both

    assert row["routes_with_both"] == 2
    assert row["ai_errors"] == sum(errors[route, "ai"] for route in ROUTES)
    assert row["human_calls"] == sum(calls[route, "human"] for route in ROUTES)
    assert row["ratio_within_routes"] == pytest.approx(over / under)
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


def test_9_age(answers):
    """
    Calls and errors by origin within each band of age.
    """

    def band(span):
        bands = ((7, "1: a week"), (30, "2: a month"), (365, "3: a year"), (9_999, "4: older"))
        age = next(name for days, name in bands if span.function.days < days)
        return age, span.function.origin

    calls = of([span for span in UNITS if span.function.commit], band)
    errors = of(FAILURES, band)

    found = {(row["age"], row["origin"]): (row["calls"], row["errors"]) for row in answers["09"]}
    assert found == {key: (number, errors[key]) for key, number in calls.items()}


def test_10_what_is_unknown(answers):
    """
    The calls of unknown origin, with what the running code met.
    """
    unknown = [row for row in answers["10"] if row["unknown"]]

    assert [(row["match"], row["evidence"]) for row in unknown] == [("missing", "none")]
    assert unknown[0]["calls"] == len([s for s in UNITS if s.function is LEGACY])
    assert sum(row["share"] for row in answers["10"]) == pytest.approx(1)
