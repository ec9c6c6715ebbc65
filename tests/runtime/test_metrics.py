"""What is counted, in processes of their own: a process has one global meter provider."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from aiprov_otel.manifest import Manifest, dump
from aiprov_otel.runtime import metrics
from support.application import AI, HUMAN, run, source

SHOP = """\
import aiprov_otel

def fail(item):
    if item:
        raise KeyError(item)  # human

@aiprov_otel.provenance
def order(item):
    fail(item)
"""

PROLOGUE = """
import json, sys, threading
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import StatusCode
import aiprov_otel
from aiprov_otel.runtime.metrics import LIMIT

reader = InMemoryMetricReader()
provider = TracerProvider()
trace.set_tracer_provider(provider)

def metered():
    metrics.set_meter_provider(MeterProvider([reader]))

def span(function, *given, provider=provider):
    try:
        with provider.get_tracer("x").start_as_current_span("s"):
            function(*given)
    except Exception as error:
        return error

def told(name):
    data = reader.get_metrics_data()
    found = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics
        if m.name == name and s.scope.name == "aiprov_otel"] if data else []
    for metric in found:
        points = [(dict(p.attributes), p.value) for p in metric.data.data_points]
        print(json.dumps([metric.unit, metric.data.is_monotonic, *sorted(points, key=str)]))
    if not found:
        print(json.dumps(None))
"""


@pytest.fixture
def asked(application):
    """What a process prints, as values, that imports the shop."""
    application.write("shop.py", SHOP)
    application.write("ai.py", "def fail():\n    raise KeyError\n")
    application.manifest()

    def ask(code, **environ):
        said = run(PROLOGUE + code, application.folder, **environ)
        return [json.loads(line) for line in said.splitlines()]

    return ask


def one(kind, number, outcome="escaped"):
    """A point of `aiprov.exceptions`."""
    told = {"aiprov.error.outcome": outcome} if outcome else {}
    return [{"aiprov.exception.origin": kind, "error.type": "KeyError", **told}, number]


def test_an_exception_that_crosses_spans_counts_once(asked):
    """
    However many spans record it, of others and of ours: one, by the line that raised it.
    """
    (said,) = asked(
        """
metered()
aiprov_otel.install()
import shop
for item in "abc":
    span(span, shop.order, item)
    span(lambda: span(shop.order, item))
told("aiprov.exceptions")
"""
    )
    assert said == ["{exception}", True, one("human", 6, "handled")]


@pytest.mark.parametrize(
    "order", ["metered(); aiprov_otel.install()", "aiprov_otel.install(); metered()"]
)
def test_the_meter_provider_may_come_before_or_after(asked, order):
    """
    The instruments are those of the global provider, whenever it is set.
    """
    lines, errors = asked(
        order
        + "\nimport shop\nspan(shop.fail, 1)\ntold('aiprov.code.lines')\ntold('aiprov.exceptions')"
    )
    assert errors[2:] == [one("human", 1)]
    assert lines[2:] == [
        [
            {
                "aiprov.origin": "ai",
                "aiprov.model.name": AI.model,
                "aiprov.evidence.strength": "commit",
            },
            10,
        ],
        [{"aiprov.origin": "human", "aiprov.evidence.strength": "weak"}, 1],
    ]
    assert lines[:2] == ["{line}", False]


def test_a_provider_that_fails_costs_its_counts_only(asked):
    """
    What a counter of somebody else's raises reaches no request: the exception is recorded as ever.
    """
    (said,) = asked(
        """
class Failing(metrics.NoOpCounter):
    def add(self, *args, **kwargs):
        raise ZeroDivisionError

class Meter(metrics.NoOpMeter):
    def create_counter(self, name, *args, **kwargs):
        return Failing(name)

class Provider(metrics.NoOpMeterProvider):
    def get_meter(self, name, *args, **kwargs):
        return Meter(name)

metrics.set_meter_provider(Provider())
aiprov_otel.install()
import shop
print(json.dumps(type(span(shop.fail, 1)).__name__))
""",
        AIPROV_STRICT="false",
    )
    assert said == "KeyError"


def test_without_a_provider_nothing_happens(asked):
    """
    Where no meter provider is set, failing spans are as they were, and nothing is counted.
    """
    (said,) = asked(
        "aiprov_otel.install()\nimport shop\nspan(shop.order, 1)\ntold('aiprov.exceptions')"
    )

    assert said is None


def test_after_uninstall_nothing_is_counted_or_observed(asked):
    """
    A collection finds no line, and no exception that was raised since; and again, when installed.
    """
    said = asked(
        """
metered()
import shop
for _ in range(2):
    with aiprov_otel.install():
        told("aiprov.code.lines")
    told("aiprov.code.lines")
    span(shop.fail, 1)
    told("aiprov.exceptions")
"""
    )
    assert [bool(each) for each in said] == [True, False, False] * 2


def test_what_is_cancelled_is_expected(asked):
    """
    A cancellation, an interrupt and an exit without a failure fail a span as expected.
    """
    (said,) = asked(
        """
metered()
aiprov_otel.install()
import asyncio
for error in (asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(0), GeneratorExit()):
    try:
        with provider.get_tracer("x").start_span("s"):
            raise error
    except BaseException:
        pass
try:
    with provider.get_tracer("x").start_span("s"):
        sys.exit(1)
except SystemExit:
    pass
told("aiprov.exceptions")
"""
    )
    found = {point["error.type"]: [] for point, _ in said[2:]}
    for point, number in said[2:]:
        found[point["error.type"]].append((point["aiprov.error.outcome"], number))
    assert found == {
        "asyncio.exceptions.CancelledError": [("expected", 1)],
        "KeyboardInterrupt": [("expected", 1)],
        "SystemExit": [("escaped", 1), ("expected", 1)],
        "GeneratorExit": [("expected", 1)],
    }


def test_what_is_not_sampled_counts_too(asked):
    """
    A function of ours tells of its failure whether or not its span is sampled.
    """
    (said,) = asked(
        """
metered()
unsampled = TracerProvider(sampler=ALWAYS_OFF)
aiprov_otel.install(tracer_provider=unsampled)
import shop
span(shop.order, 1, provider=unsampled)
told("aiprov.exceptions")
"""
    )
    assert said[2:] == [one("human", 1, None)]


def test_threads_lose_none(asked):
    """
    Of failures in many threads at once, some of which share one exception, each counts once.
    """
    (said,) = asked(
        """
metered()
aiprov_otel.install()
import shop
shared = KeyError("shared")
def fail():
    raise shared
def work():
    for _ in range(50):
        span(span, shop.fail, 1)
        span(fail)
threads = [threading.Thread(target=work) for _ in range(8)]
for each in threads: each.start()
for each in threads: each.join()
told("aiprov.exceptions")
"""
    )
    assert said[2:] == [one("human", 400, "handled"), one("unknown", 1)]


def test_types_without_end_are_one_in_the_end(asked):
    """
    Classes that are made at run time fill no memory: beyond a limit they are `_OTHER`.
    """
    (said,) = asked(
        """
metered()
aiprov_otel.install()
for number in range(LIMIT + 20):
    error = type(f"E{number}", (Exception,), {})()
    with provider.get_tracer("x").start_as_current_span("s") as failing:
        failing.record_exception(error)
        failing.set_status(StatusCode.ERROR)
told("aiprov.exceptions")
"""
    )
    assert len(said) == 2 + metrics.LIMIT + 1
    assert sum(number for _, number in said[2:]) == metrics.LIMIT + 20
    other = {"aiprov.exception.origin": "unknown", "error.type": "_OTHER"}
    assert [{**other, "aiprov.error.outcome": "escaped"}, 20] in said


def test_minimal_counts_by_origin(asked):
    """
    `attributes="minimal"` names no model of an exception here either.
    """
    (said,) = asked(
        """
metered()
aiprov_otel.install(attributes="minimal")
import shop
import ai
span(ai.fail)
span(span, ai.fail)
told("aiprov.exceptions")
"""
    )
    assert said[2:] == [one("ai", 1), one("ai", 1, "handled")]


def test_a_file_in_two_manifests_is_deployed_once(tmp_path):
    """
    A package's own manifest and that of its repository tell of the same lines.
    """
    text = "a = 1\nb = 2\n"
    for name, sources in {
        "app": [source(text, "src/shop.py"), source("c = 1\n", "src/app.py", HUMAN)],
        "package": [source(text, "shop.py"), source("d = 1\n", "other.py", HUMAN)],
    }.items():
        dump(tmp_path / name, sources, revision=None, repository_url=None, policy={})

    found = metrics._lines([Manifest.load(tmp_path / name) for name in ("app", "package")])
    assert sum(found.values()) == 4


def test_a_manifest_that_was_changed_is_not_counted(tmp_path, caplog):
    """
    One warning, and the lines of the others.
    """
    dump(
        tmp_path / "good",
        [source("a = 1\n", "a.py")],
        revision=None,
        repository_url=None,
        policy={},
    )
    dump(
        tmp_path / "bad", [source("b = 1\n", "b.py")], revision=None, repository_url=None, policy={}
    )
    data = (tmp_path / "bad").read_bytes()
    (tmp_path / "bad").write_bytes(data.replace(b"BBB", b"BBI"))

    found = metrics._lines([Manifest.load(tmp_path / name) for name in ("bad", "good")])
    assert sum(found.values()) == 1
    (message,) = caplog.messages
    assert message.endswith("its lines are not counted (manifest-unreadable)")


def test_models_without_end_are_one_in_the_end(tmp_path):
    """
    The models with most lines have a name; the lines of the rest are kept together.
    """
    sources = [
        source("a = 1\n" * (1 + (number < 3)), f"{number}.py", replace(AI, model=f"m{number}"))
        for number in range(metrics.LIMIT + 7)
    ]
    dump(tmp_path / "m", sources, revision=None, repository_url=None, policy={})

    found = list(metrics._observations(metrics._lines([Manifest.load(tmp_path / "m")])))
    assert len(found) == metrics.LIMIT + 1
    assert found[0].value == 2
    assert (found[-1].value, found[-1].attributes["aiprov.model.name"]) == (7, "_OTHER")
