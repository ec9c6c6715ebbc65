"""The report: units, self time, and one error for each failure."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest
from opentelemetry.trace import SpanKind, StatusCode
from statsmodels.stats.proportion import proportion_confint

from aiprov_otel.errors import StoreError
from aiprov_otel.report.report import Report, build_report
from aiprov_otel.telemetry.store import Store
from aiprov_otel.values import Unit
from support.telemetry import AI, EPOCH, HUMAN, UNKNOWN, Service, record, serve

SERVER = {"kind": SpanKind.SERVER}
CLIENT = {"kind": SpanKind.CLIENT}


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def read(tmp_path, service):
    """The report on what the service has sent so far."""

    def read(**options) -> Report:
        with Store.open(tmp_path / "telemetry.duckdb") as store:
            service.send(store)
            return build_report(store, **options)

    return read


@pytest.fixture
def errors(read):
    """How many errors each origin has, by what became of them."""

    def errors() -> dict[str, int]:
        counts = Counter()
        for row in read().exceptions:
            counts[f"{row.origin} {row.outcome}"] += row.count
        return dict(counts)

    return errors


def test_units_are_counted_by_origin_and_by_model(service, read):
    """Calls are spans with an origin, functions their different names."""
    for name in ("total", "total", "quote"):
        service.span(name, by=AI)
    service.span("stock", by=HUMAN)
    service.span("handler", by=UNKNOWN)
    service.span("http send")

    report = read()

    assert {arm.origin: (arm.functions, arm.calls) for arm in report.arms} == {
        "ai": (2, 3),
        "human": (1, 1),
        "unknown": (1, 1),
    }
    (model,) = report.models
    assert (model.agent, model.model, model.calls) == ("claude-code", "claude-opus-4-6", 3)
    assert (report.coverage.spans, report.coverage.units) == (6, 5)
    assert report.coverage.known_share == pytest.approx(0.8)
    assert report.coverage.weak_share == pytest.approx(0.25)
    assert report.coverage.matches == {"exact": 0.8, "missing": 0.2}


def test_the_error_ratio_has_limits(service, read):
    """Errors per call, with Wilson's limits."""
    for n in range(10):
        service.span("total", by=AI, failed=n == 0)

    (arm,) = read().arms

    assert (arm.errors, arm.error_ratio) == (1, 0.1)
    assert (arm.low, arm.high) == pytest.approx((0.01788, 0.40415), abs=5e-5)


def test_the_limits_of_an_origin_are_over_its_functions(service, read):
    """Ten errors of one function tell less than one of each of ten."""
    for n in range(10):
        for call in range(10):
            service.span(f"even{n}", by=AI, failed=call == 0)
            service.span(f"odd{n}", by=HUMAN, failed=n == 0)

    ai, human = read().arms

    assert (ai.error_ratio, human.error_ratio) == (0.1, 0.1)
    assert (ai.low, ai.high) == pytest.approx(proportion_confint(10, 100, method="wilson"))
    assert (human.low, human.high) == pytest.approx(proportion_confint(0.9, 9, method="wilson"))


def test_more_errors_than_calls_have_no_ratio(service, read):
    """Exceptions of lines that no span stands for are counted, but make no ratio."""
    service.span("total", by=AI, failed=True, raised=(KeyError("k"), HUMAN))

    arms = {arm.origin: arm for arm in read().arms}

    assert (arms["human"].calls, arms["human"].errors) == (0, 1)
    assert (arms["human"].error_ratio, arms["human"].low, arms["human"].high) == (None,) * 3
    assert (arms["ai"].calls, arms["ai"].errors) == (1, 0)


def test_self_time_leaves_out_the_union_of_the_children(service, read):
    """Children that overlap, lie in one another or outlive their parent count once and clipped."""
    parent = service.span("total", by=AI, at=100, ms=100)
    for at, ms in ((90, 20), (120, 30), (125, 5), (140, 20), (190, 50), (300, 10)):
        service.span("query", parent, at=at, ms=ms)

    (arm,) = read().arms

    assert arm.self_p50_ms == pytest.approx(100 - 10 - 40 - 10)


def test_self_time_is_what_a_plain_count_says(service, read):
    """Self time is right for children at random: counted here millisecond by millisecond."""
    chance = random.Random(7)
    parent = service.span("total", by=AI, at=0, ms=200)
    busy: set[int] = set()
    for _ in range(30):
        at, ms = chance.randrange(-20, 220), chance.randrange(0, 25)
        service.span("query", parent, at=at, ms=ms)
        busy |= set(range(max(at, 0), min(at + ms, 200)))

    (arm,) = read().arms

    assert arm.self_p95_ms == pytest.approx(200 - len(busy))


def test_only_direct_children_and_no_siblings_are_left_out(service, read):
    """A grandchild is its parent's time, and a neighbor nobody's."""
    parent = service.span("total", by=AI, at=0, ms=100)
    child = service.span("quote", parent, by=HUMAN, at=10, ms=50)
    service.span("query", child, at=20, ms=10)
    service.span("other", at=0, ms=100)

    arms = {arm.origin: arm.self_p50_ms for arm in read().arms}

    assert arms == {"ai": pytest.approx(50), "human": pytest.approx(40)}


def test_an_exception_that_crosses_spans_is_one_error(service, errors):
    """The SDK records it on each span that it leaves; it is the error of the line that raised."""
    error = KeyError("k")
    server = service.span("GET /", by=HUMAN, failed=True, raised=(error, AI), ms=9, **SERVER)
    middle = service.span("total", server, by=HUMAN, failed=True, raised=(error, AI), ms=8)
    plain = service.span("block", middle, failed=True, raised=(error, None), ms=7)
    service.span("quote", plain, by=HUMAN, failed=True, raised=(error, AI), ms=6)

    assert errors() == {"ai escaped": 1}


def test_siblings_that_fail_alike_are_two_errors(service, errors):
    """Two calls that fail in the same way failed twice, whatever their parent records."""
    error = KeyError("k")
    parent = service.span("total", by=HUMAN, failed=True, raised=(error, AI), ms=20)
    service.span("quote", parent, by=AI, failed=True, raised=(error, AI), at=1, ms=2)
    service.span("quote", parent, by=AI, failed=True, raised=(error, AI), at=5, ms=2)

    assert errors() == {"ai handled": 1, "ai escaped": 1}


def test_recorded_twice_on_one_span_is_one_error(service, errors):
    """An `except` that records and raises again leaves two events of one exception."""
    error = KeyError("k")
    span = service.tracer.start_span("total", start_time=EPOCH)
    record(span, error, AI, at=1)
    record(span, error, AI, at=2)
    span.set_status(StatusCode.ERROR)
    span.end(EPOCH + 5_000_000)

    assert errors() == {"ai escaped": 1}


def test_an_exception_that_became_another_is_two_errors(service, errors):
    """What was raised `from` it is an exception of its own, of its own line."""
    parent = service.span("total", by=AI, failed=True, raised=(ValueError("v"), AI), ms=20)
    service.span("stock", parent, by=HUMAN, failed=True, raised=(KeyError("k"), HUMAN), ms=5)

    assert errors() == {"ai escaped": 1, "human handled": 1}


def test_the_same_message_from_another_line_is_another_error(service, errors):
    """What tells exceptions apart is also where they were raised."""
    parent = service.span("total", by=AI, failed=True, raised=(KeyError("k"), HUMAN), ms=20)
    service.span("quote", parent, by=AI, failed=True, raised=(KeyError("k"), AI), ms=5)

    assert errors() == {"ai handled": 1, "human escaped": 1}


def test_a_handled_exception_is_handled(service, errors):
    """Recorded on a span that did not fail, below spans that did not fail, it was dealt with."""
    parent = service.span("total", by=AI)
    service.span("quote", parent, by=AI, raised=(KeyError("k"), AI))

    assert errors() == {"ai handled": 1}


def test_an_exception_that_failed_only_a_span_above_is_one_error(service, errors):
    """A span may record without failing; that its parent failed of it makes it an error."""
    error = KeyError("k")
    parent = service.span("total", by=HUMAN, failed=True, raised=(error, AI), ms=20)
    service.span("quote", parent, by=HUMAN, raised=(error, AI), ms=5)

    assert errors() == {"ai escaped": 1}


def test_a_returned_500_is_an_error_of_its_handler(service, errors):
    """Without an exception it is the unit's own; the failed `http send` below it is an echo."""
    server = service.span("GET /", by=HUMAN, failed=True, ms=20, **SERVER)
    service.span("GET / http send", server, failed=True, at=15, ms=1)

    assert errors() == {"human escaped": 1}


def test_a_500_of_a_recorded_exception_is_one_error(service, errors):
    """The inner exception explains the answer: failed, or recorded by a span that did not fail."""
    failed = service.span("GET /", by=HUMAN, failed=True, ms=20, **SERVER)
    service.span("GET / http send", failed, failed=True, at=15, ms=1)
    service.span("total", failed, by=HUMAN, failed=True, raised=(KeyError("k"), AI), ms=5)
    handled = service.span("GET /", by=HUMAN, failed=True, ms=20, **SERVER)
    service.span("GET / http send", handled, failed=True, at=15, ms=1)
    service.span("total", handled, by=HUMAN, raised=(KeyError("k"), AI), ms=5)

    assert errors() == {"ai escaped": 2}


def test_the_last_handled_exception_explains_a_silent_failure(service, errors):
    """Where several were recorded below, the one nearest to the failure counts."""
    server = service.span("GET /", by=HUMAN, failed=True, ms=20, **SERVER)
    service.span("total", server, by=HUMAN, raised=(KeyError("k"), HUMAN), at=1, ms=2)
    service.span("total", server, by=HUMAN, raised=(KeyError("k"), AI), at=9, ms=2)

    assert errors() == {"ai escaped": 1, "human handled": 1}


def test_a_failed_call_that_fails_its_callers_is_one_error(service, errors):
    """Of units that fail below one another without an exception, the innermost failed first."""
    server = service.span("GET /", by=HUMAN, failed=True, ms=20, **SERVER)
    between = service.span("total", server, by=HUMAN, ms=15)
    service.span("GET", between, by=AI, failed=True, ms=5, **CLIENT)

    assert errors() == {"ai escaped": 1}


def test_a_failed_call_that_raised_is_one_error(service, errors):
    """A client span that failed, and the exception that its answer became, are one failure."""
    error = OSError("503")
    server = service.span("GET /", by=HUMAN, failed=True, raised=(error, HUMAN), ms=20, **SERVER)
    service.span("GET", server, by=AI, failed=True, ms=5, **CLIENT)

    assert errors() == {"human escaped": 1}


def test_a_failed_call_that_was_made_up_for_is_handled(service, errors):
    """The call failed, though its caller did not."""
    server = service.span("GET /", by=HUMAN, ms=20, **SERVER)
    service.span("GET", server, by=AI, failed=True, ms=5, **CLIENT)

    assert errors() == {"ai handled": 1}


def test_what_nothing_is_known_of_is_unknown(service, errors):
    """Exceptions and failures without any `aiprov.*` are counted, as `unknown`."""
    service.span("GET /", failed=True, raised=(KeyError("k"), None))
    parent = service.span("GET /", failed=True, **SERVER)
    service.span("GET / http send", parent, failed=True)

    assert errors() == {"unknown escaped": 2}


def test_a_failed_span_may_say_whose_line_failed_it(service, errors):
    """Where the exception itself is not on a span, `aiprov.error.*` counts before the unit."""
    service.span("total", by=HUMAN, failed=True, **{"aiprov.error.origin": "ai"})

    assert errors() == {"ai escaped": 1}


def test_spans_that_are_each_others_parent_come_to_an_end(tmp_path):
    """A malformed trace does not hang the report."""
    service = Service()
    service.span("a", by=AI, failed=True)
    service.span("b", by=AI, failed=True)
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        service.send(store)
        store.query("UPDATE otel_traces SET TraceId = 't', ParentSpanId = (SELECT max(SpanId) FROM "
                    "otel_traces AS other WHERE other.SpanId <> otel_traces.SpanId)")  # fmt: skip

        assert build_report(store).arms[0].calls == 2


def test_only_what_began_since_is_reported(service, read):
    """A report on one run leaves out what was stored before it."""
    service.span("old", by=AI, at=0)
    service.span("new", by=HUMAN, at=50)

    report = read(since=EPOCH + 50_000_000)

    assert [arm.origin for arm in report.arms] == ["human"]
    assert report.coverage.spans == 1


def test_the_verdict_compares_on_the_same_routes(service, read):
    """With failing functions enough it gives the adjusted ratio and its limits, and no cause."""
    serve(service)

    verdict = read().verdict

    assert (verdict.exposed, verdict.baseline) == ("ai", "human")
    assert verdict.crude_ratio == pytest.approx(54 / 30)
    adjusted = verdict.adjusted_ratio
    assert adjusted.value == pytest.approx(54 / 30)
    assert 1 < adjusted.low < 1.8 < adjusted.high
    assert (adjusted.strata, adjusted.informative_share, adjusted.failing) == (1, 1, (12, 12))
    assert "54 errors in 480 calls" in verdict.text
    assert "30 errors in 480 calls" in verdict.text
    assert "is associated with 1.8 times the errors per call of human-written code" in verdict.text
    assert "cause" not in verdict.text


def test_the_verdict_sees_through_simpson(service, read):
    """AI-written functions mostly serve the route that fails: crude 5, on the same routes 1."""
    for route, failing, ai in (("GET /bad", 12, 21), ("GET /good", 1, 2)):
        for n in range(50):
            for k in range(23):
                by, name = (AI, "quote") if k < ai else (HUMAN, "stock")
                bad = n < failing + (1, -1, 0)[k % 3]
                root = service.span(route, at=n, ms=9, failed=bad, **SERVER)
                service.span(f"{name}{route}{k}", root, at=n, ms=1, by=by, failed=bad)

    verdict = read().verdict

    assert verdict.crude_ratio > 5
    assert verdict.adjusted_ratio.value == pytest.approx(1, abs=0.1)
    assert "which may be chance" in verdict.text


def test_routes_of_one_origin_are_not_compared(service, read):
    """Where both sides hardly share a route, the crude ratio is shown, as what it is."""
    serve(service, route="GET /both", calls=2, ai=1, human=1)
    for n in range(100):
        for name, by in (("quote", AI), ("stock", HUMAN)):
            for k in range(12):
                service.span(f"{name}{k}", by=by, at=n, failed=n < 5)

    report = read()

    assert report.verdict.adjusted_ratio is None
    assert report.coverage.informative_share < 0.2
    assert "can't separate origin from route" in report.verdict.text
    assert "not adjusted for route: it does not compare authors" in report.verdict.text


@pytest.mark.parametrize("functions", [1, 9])
def test_few_failing_functions_are_too_few_to_tell(service, read, functions):
    """Below ten failing functions on a side the ratio is not put into words."""
    serve(service, functions=functions, ai=20, human=10)

    verdict = read().verdict

    assert verdict.adjusted_ratio is None
    assert f"Too few to tell: {functions} AI-written and {functions} human-written" in verdict.text
    assert "atio" not in verdict.text


def test_what_the_ratio_depends_on_is_shown(service, read):
    """Beside the verdict's stands the ratio within ages of the code, and of line-level evidence."""
    serve(service)

    first, by_age, by_line = read().comparisons

    assert first.adjusted.value == pytest.approx(1.8)
    assert by_age.adjusted.value == pytest.approx(1.8)
    assert "age of the code" in by_age.adjusted.method
    assert by_line.adjusted is None
    assert "line-level evidence only" in by_line.name


def test_without_people_the_baseline_is_what_is_not_ai(service, read):
    """Where no call is known to be human, the verdict says with what it compares instead."""
    for n in range(20):
        service.span("total", by=AI, failed=n < 10)
        service.span("handler", by=UNKNOWN, failed=n < 10)

    verdict = read().verdict

    assert (verdict.baseline, verdict.crude_ratio) == ("not ai", 1.0)
    assert "all code not known to be AI-written" in verdict.text


def test_with_one_arm_there_is_nothing_to_compare(service, read):
    """A service without AI-written code gets no ratio."""
    service.span("stock", by=HUMAN)

    verdict = read().verdict

    assert verdict.crude_ratio is None
    assert "Nothing to compare" in verdict.text


def test_errors_are_listed_by_the_line_that_raised_them(service, read):
    """Type, line, author and commit, the most frequent first."""
    for _ in range(3):
        service.span("total", by=HUMAN, failed=True, raised=(KeyError("k"), AI))
    service.span("stock", by=HUMAN, failed=True)

    first, second = read().exceptions

    assert (first.type, first.path, first.line, first.count) == ("KeyError", AI.path, 7, 3)
    assert (first.origin, first.model, first.commit) == ("ai", AI.model, AI.commit)
    assert (second.origin, second.count) == ("human", 1)


def test_functions_are_listed_with_their_errors(service, read):
    """Calls are the function's own; errors are those that its lines raised."""
    service.span("total", by=AI)
    service.span("raising", by=AI, failed=True, raised=(KeyError("k"), AI))
    service.span("raising", by=AI)

    report = read()
    (first,) = report.functions

    assert (first.function, first.calls, first.errors) == ("shop.raising", 2, 1)
    assert (first.error_ratio, first.origin, first.model) == (0.5, "ai", AI.model)
    assert [(row.function, row.errors) for row in report.slowest][-1] == ("shop.total", 0)


def test_a_function_is_counted_once_a_call(service, read):
    """The requests that it served and the calls that it made are not counted on top of its own."""
    request = service.span("GET /", by=AI, unit=Unit.HANDLER, function="browse")
    own = service.span("browse", request, by=AI, unit=Unit.FUNCTION, function="browse")
    service.span("SELECT", own, ms=2, by=AI, unit=Unit.CALLER, function="browse")
    service.span("GET /b", by=AI, unit=Unit.HANDLER, function="buy")
    service.span("SELECT", by=AI, unit=Unit.CALLER, function="buy")
    service.span("SELECT", by=HUMAN, unit=Unit.CALLER, function="sweep")

    calls = {row.function: row.calls for row in read().slowest}

    assert calls == {"shop.browse": 1, "shop.buy": 1, "shop.sweep": 1}


def test_the_latest_failure_shows_what_a_library_raised_from_it(service, read):
    """A driver's span has no frame of the application; what the layer above it raised has them."""

    def calling():
        try:
            raise OSError("no table")  # noqa: TRY301 (a driver would raise it)
        except OSError as error:
            raise RuntimeError("no database") from error

    with pytest.raises(RuntimeError) as caught:
        calling()
    root = service.tracer.start_span("GET /", **SERVER)
    service.span("SELECT", root, ms=1, by=AI, failed=True, raised=(OSError("no table"), AI))
    record(root, caught.value, AI, at=2, repeated=True)
    root.set_status(StatusCode.ERROR)
    root.end()

    failure = read().failure

    assert failure.type == "OSError"
    assert "in calling" in failure.stacktrace


def test_the_latest_failure_has_its_trace_and_longest_stack(service, read):
    """The outermost record of an exception has the longest stack trace; the spans are in order."""
    caught = []

    def raising():
        raise KeyError("k")

    def calling():
        try:
            raising()
        except KeyError as error:
            caught.append(error)
            raise

    with pytest.raises(KeyError):
        calling()
    short = KeyError("k").with_traceback(caught[0].__traceback__.tb_next)
    service.span("GET /old", failed=True, raised=(ValueError("old"), HUMAN))
    root = service.span("GET /", by=HUMAN, at=50, ms=9, failed=True, raised=(caught[0], AI))
    service.span("last", root, at=58, ms=1)
    inner = service.span("total", root, by=AI, at=51, ms=5, failed=True, raised=(short, AI))
    service.span("query", inner, at=52, ms=1)

    failure = read().failure

    assert (failure.type, failure.origin, failure.path, failure.line) == (
        "KeyError",
        "ai",
        AI.path,
        7,
    )
    assert "in calling" in failure.stacktrace
    assert [(step.depth, step.name) for step in failure.steps] == [
        (0, "GET /"),
        (1, "total"),
        (2, "query"),
        (1, "last"),
    ]
    assert [step.failed for step in failure.steps] == [True, True, False, False]


def test_earlier_failures_are_of_other_lines(service, read):
    """Each line that raised is shown once, with its latest failing request, newest first."""
    for n, error in enumerate((KeyError("k"), ValueError("v"), ValueError("v"), TypeError("t"))):
        service.span("GET /", at=n * 60_000, ms=1, failed=True, raised=(error, HUMAN))

    report = read()

    assert report.failure
    assert [(row.type, row.time[11:]) for row in (report.failure, *report.earlier_failures)] == [
        ("TypeError", "14:16:20+00:00"),
        ("ValueError", "14:15:20+00:00"),
        ("KeyError", "14:13:20+00:00"),
    ]


def test_self_time_is_told_over_time(service, read):
    """Each part of the time has the quantiles of each origin that ran in it."""
    service.span("quote", by=AI, ms=3)
    service.span("stock", by=HUMAN, ms=2)
    service.span("quote", by=AI, at=240_000, ms=5)

    first, second, third = read().self_time

    assert (first.origin, first.calls, first.self_p50_ms) == ("ai", 1, 3)
    assert (second.origin, second.begin, second.self_p95_ms) == ("human", first.begin, 2)
    assert (third.origin, third.begin[11:16], third.self_p50_ms) == ("ai", "14:17", 5)


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        (["https://forge.example/shop"], "https://forge.example/shop"),
        (["https://forge.example/shop", ""], "https://forge.example/shop"),
        (["https://forge.example/shop", "https://forge.example/pay"], None),
        ([""], None),
    ],
)
def test_the_repository_is_named_where_it_is_one(tmp_path, services, expected):
    """Where what failed is of two repositories, a commit may be of either."""
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        for repository in services:
            service = Service(repository=repository)
            service.span("total", by=AI, failed=True)
            service.send(store)
        report = build_report(store)

    assert report.repository == expected


def test_an_empty_store_has_a_report(read):
    """No spans is an answer, with nothing in it."""
    report = read()

    assert (report.coverage.spans, report.coverage.units, report.arms) == (0, 0, ())
    assert report.coverage.known_share is None
    assert report.failure is None


def test_the_json_keeps_to_the_contract(service, read):
    """Other programs find the keys that they rely on, and JSON reads back as the same report."""
    serve(service)
    service.span("total", by=AI, failed=True, raised=(KeyError("k"), AI))

    report = read()
    document = json.loads(json.dumps(report.to_json()))

    assert {"exposed", "baseline", "crude_ratio", "adjusted_ratio", "text"} <= set(
        document["verdict"]
    )
    assert {"value", "low", "high", "method", "strata", "informative_share"} <= set(
        document["verdict"]["adjusted_ratio"]
    )
    assert {"verdict", "coverage", "arms", "models"} <= set(document)
    wanted = "origin functions calls errors error_ratio low high self_p50_ms self_p95_ms"
    assert list(document["arms"][0]) == wanted.split()
    assert {*wanted.split(), "agent", "model"} == set(document["models"][0])
    assert Report.from_json(document) == report
    assert report.excess.functions
    assert report.latency
    assert report.over_time
    assert report.routes


@pytest.mark.parametrize("document", [{}, {"verdict": {}}, {"failure": None, "verdict": {"x": 1}}])
def test_json_of_another_shape_is_refused(document):
    """A report of another version is named as such."""
    with pytest.raises(StoreError, match="another version of aiprov"):
        Report.from_json(document)


def test_a_protocol_message_is_no_call(service, read):
    """What ASGI sends and receives is not counted for the middleware that passes it on."""
    message = {"asgi.event.type": "http.response.body"}
    service.span("GET / http send", by=AI, unit=Unit.CALLER, function="middleware", **message)
    service.span("total", by=AI)

    assert [one.function for one in read().slowest] == ["shop.total"]


def test_errors_of_functions_without_spans_are_not_compared(service, read):
    """
    Without their calls there is no rate, and the text says how many there are.
    """
    for number in range(30):
        service.span(f"handler{number}", by=AI, failed=True, raised=(KeyError(str(number)), HUMAN))
    service.span("human", by=HUMAN)

    verdict = read().verdict

    assert (verdict.baseline, verdict.crude_ratio) == ("human", None)
    assert "AI-written code: 0 errors in 30 calls" in verdict.text
    assert "30 more errors in handlers and in functions without spans" in verdict.text
