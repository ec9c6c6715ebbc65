"""`spans`: a span for each call, or for each that takes long enough."""

from __future__ import annotations

import asyncio
import json
import sys
import time

import pytest
from opentelemetry import context, trace
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

import aiprov_otel
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
from aiprov_otel.runtime.import_hook.counters import CALLS
from support.application import AI, HUMAN, run


@pytest.fixture
def load(application):
    """A module of this text, imported under the hook in `spans` mode."""
    REGISTRY._modules.clear()

    def loaded(text, **options):
        application.write("shop.py", text)
        application.install()
        aiprov_otel.install_import_hook("shop", mode="spans", **options)
        return application.module("shop")

    return loaded


def quickly(application, call):
    """
    What *call* returns at the first time that it takes less than 0.05 seconds.

    On a busy machine, any call may take longer.
    """
    while True:
        application.memory.clear()
        began = time.perf_counter()
        result = call()
        if time.perf_counter() - began < 0.05:
            return result


def tree(application):
    """The finished spans: the name of each, and of its parent."""
    spans = application.memory.get_finished_spans()
    names = {span.context.span_id: span.name for span in spans}
    return {(span.name, span.parent and names.get(span.parent.span_id, "?")) for span in spans}


SHOP = """\
import asyncio, time

def outer(seconds=0):
    inner(seconds)
    return tracer.start_span("leaf").end()

def inner(seconds):
    time.sleep(seconds)

def fail():
    raise KeyError("apple")  # human

def middle():
    fail()

def top():
    try:
        middle()
    except KeyError:
        return "handled"

def steps():
    tracer.start_span("first").end()
    yield 1
    tracer.start_span("second").end()
    yield 2

async def aouter():
    await asyncio.gather(ainner(1), ainner(2))

async def ainner(n):
    await asyncio.sleep(0.01 * n)
    tracer.start_span(f"leaf {n}").end()

async def asteps():
    yield tracer.start_span("third").end()

class Cart:
    @property
    def total(self):
        return 1

double = lambda x: x * 2
"""


@pytest.fixture
def shop(application, load):
    """The shop, with a tracer; each call has a span."""
    made = load(SHOP)
    made.tracer = application.tracer
    return made


def test_a_span_for_each_call(application, shop):
    """
    It is a span of the unit `function`, as `@provenance` makes it, below that of its caller.
    """
    shop.outer()
    shop.Cart().total, shop.double(1)
    assert tree(application) == {
        ("shop.outer", None),
        ("shop.inner", "shop.outer"),
        ("leaf", "shop.outer"),
        ("shop.Cart.total", None),
        ("shop.double", None),
    }
    said = application.span("shop.outer").attributes
    assert said["aiprov.origin"] == "ai"
    assert (said["aiprov.unit"], said["aiprov.match"]) == ("function", "exact")
    assert said["aiprov.commit.id"] == AI.commit
    assert (said["code.function.name"], said["code.line.number"]) == ("shop.outer", 3)


def test_an_exception_is_recorded_once(application, shop):
    """
    The innermost call records it, those that it leaves fail, and the one that handles it does not.
    """
    assert shop.top() == "handled"
    fail, middle, top = (application.span(f"shop.{name}") for name in ("fail", "middle", "top"))
    assert [len(span.events) for span in (fail, middle, top)] == [1, 0, 0]
    assert [span.status.status_code for span in (fail, middle, top)] == [
        StatusCode.ERROR,
        StatusCode.ERROR,
        StatusCode.UNSET,
    ]
    assert middle.attributes["aiprov.error.origin"] == "human"
    assert fail.events[0].attributes["aiprov.exception.commit.id"] == HUMAN.commit


def test_an_exception_that_is_handled_outside_fails_nobody(application, shop):
    """
    A call that is made while its caller handles an exception did not fail because of that.
    """
    try:
        raise OSError  # noqa: TRY301 (it is to be handled right here)
    except OSError:
        shop.inner(0)
    assert application.span("shop.inner").status.status_code is StatusCode.UNSET


def test_a_generator(application, shop):
    """
    Its span lasts from its first step to its end, and is current only while it runs.
    """
    before = context.get_current()
    for _ in shop.steps():
        assert context.get_current() == before
        application.tracer.start_span("between").end()
    assert tree(application) == {
        ("shop.steps", None),
        ("first", "shop.steps"),
        ("second", "shop.steps"),
        ("between", None),
    }


def test_tasks(application, shop):
    """
    Coroutines that run at once have spans of their own, and what they begin is below these.
    """
    asyncio.run(shop.aouter())

    async def each():
        return [x async for x in shop.asteps()]

    asyncio.run(each())
    assert tree(application) == {
        ("shop.aouter", None),
        ("shop.ainner", "shop.aouter"),
        ("leaf 1", "shop.ainner"),
        ("leaf 2", "shop.ainner"),
        ("shop.asteps", None),
        ("third", "shop.asteps"),
    }


def test_a_span_is_earned_by_a_long_call(application, load):
    """
    Short calls make none, ever; once a call took long enough, the next long ones have a span.
    """
    shop = load(SHOP, min_duration=0.05)
    shop.tracer = application.tracer
    shop.outer(0.06)
    assert tree(application) == {("leaf", None)}
    quickly(application, lambda: shop.outer(0))
    assert tree(application) == {("leaf", None)}
    application.memory.clear()
    shop.outer(0.06)
    assert tree(application) == {
        ("shop.outer", None),
        ("shop.inner", "shop.outer"),
        ("leaf", "shop.outer"),
    }
    outer = application.span("shop.outer")
    assert 0.06e9 <= outer.end_time - outer.start_time < 10e9


def test_a_call_without_a_span_reads_no_wall_clock(application, load):
    """
    Where a program replaces that clock, as tests do, it sees no reading of a short call.
    """
    shop = load(SHOP, min_duration=0.05)
    shop.inner(0.06)
    read = []
    sys.setprofile(lambda _, event, what: read.append(what) if event == "c_call" else None)
    try:
        quickly(application, lambda: read.clear() or shop.inner(0))
    finally:
        sys.setprofile(None)
    assert time.sleep in read
    assert time.perf_counter_ns in read
    assert time.time_ns not in read


def test_what_begins_below_a_short_call_has_a_parent(application, load):
    """
    Below a call that has not taken long enough yet, a span hangs on the one around it.
    """
    shop = load(SHOP, min_duration=0.05)
    shop.tracer = application.tracer
    shop.outer(0.06)
    with application.tracer.start_as_current_span("request") as request:
        quickly(application, lambda: shop.outer(0))
        with trace.use_span(trace.get_current_span()):
            trace.get_current_span().set_attribute("user", 1)
    assert tree(application) == {("leaf", "request"), ("request", None)}
    assert request.attributes["user"] == 1


def test_the_current_span_of_a_short_call_is_the_one_around_it(application, load):
    """
    Whatever is said to the current span reaches the one that is there.
    """
    shop = load(
        "import time\nfrom opentelemetry import trace\n"
        "def work(seconds):\n    time.sleep(seconds)\n    span = trace.get_current_span()\n"
        "    span.set_attribute('a', seconds)\n    span.set_attributes({'b': seconds})\n"
        "    span.add_event('event')\n    span.update_name(f'after {seconds}')\n"
        "    span.set_status(trace.StatusCode.OK)\n    span.record_exception(OSError())\n"
        "    span.add_link(span.get_span_context())\n    span.end()\n"
        "    return span.is_recording()\n",
        min_duration=0.05,
    )
    shop.work(0.06)

    def requested(seconds):
        with application.tracer.start_as_current_span("request"):
            return shop.work(seconds)

    assert quickly(application, lambda: requested(0))
    assert requested(0.06)
    short, long = application.spans["after 0"], application.spans["after 0.06"]
    assert long.parent.span_id == application.span("request").context.span_id
    assert short.parent is None
    for span, seconds in ((short, 0), (long, 0.06)):
        assert (span.attributes["a"], span.attributes["b"]) == (seconds, seconds)
        assert [event.name for event in span.events] == ["event", "exception"]
        assert len(span.links) == 1


def test_a_failing_call_that_took_long(application, load):
    """
    Its span is failed, and the exception recorded, as with any other.
    """
    shop = load(
        "import time\ndef work(seconds):\n    time.sleep(seconds)\n    raise OSError\n"
        "async def awork(seconds):\n    time.sleep(seconds)\n    raise OSError\n",
        min_duration=0.05,
    )
    for seconds in (0.06, 0, 0.06):
        with pytest.raises(OSError):
            shop.work(seconds)
        with pytest.raises(OSError):
            asyncio.run(shop.awork(seconds))
    for name in ("shop.work", "shop.awork"):
        span = application.span(name)
        assert span.attributes["error.type"] == "OSError"
        assert len(span.events) == 1
    assert [function.row[CALLS] for function in REGISTRY] == [3, 3]
    assert [function.errors for function in REGISTRY] == [{"OSError": 3}] * 2


@pytest.mark.parametrize("status", [StatusCode.UNSET, StatusCode.ERROR])
@pytest.mark.parametrize("least", [0, 1e-9])
def test_what_became_of_an_error_is_on_the_request(application, load, least, status):
    """
    Whether each call has a span or each long one, which is current before it has one.
    """
    shop = load(SHOP, min_duration=least)
    for _ in range(2):  # the first call is too short for a span
        application.memory.clear()
        with application.tracer.start_as_current_span("GET /", kind=SpanKind.SERVER) as request:
            with pytest.raises(KeyError):
                shop.middle()
            request.set_status(status)

    became = {
        span.name: span.attributes.get("aiprov.error.outcome")
        for span in application.memory.get_finished_spans()
    }
    expected = "escaped" if status is StatusCode.ERROR else "handled"
    assert became == {"shop.fail": None, "shop.middle": None, "GET /": expected}
    origin = application.span("GET /").attributes.get("aiprov.error.origin")
    assert origin == ("human" if status is StatusCode.ERROR else None)


class Asking(trace.TracerProvider):
    """Asks for the current span as it makes a tracer, as one does that logs an error there."""

    def __init__(self, sdk):
        self.sdk, self.asked = sdk, 0

    def get_tracer(self, *args, **kwargs):
        self.asked += 1
        trace.get_current_span().is_recording()
        return self.sdk.get_tracer(*args, **kwargs)


def test_a_span_that_is_asked_for_as_it_begins_begins_once(application, load):
    """Of those who ask at the same time, the others get the span around it."""
    application.provider = Asking(application.provider)
    shop = load(SHOP, min_duration=0.05)
    shop.tracer = application.tracer
    shop.outer(0.06)
    application.memory.clear()
    shop.outer(0.06)

    names = sorted(span.name for span in application.memory.get_finished_spans())
    assert names == ["leaf", "shop.inner", "shop.outer"]
    assert application.provider.asked == 2  # once for each function


def test_a_call_that_has_ended_begins_no_span(application, load):
    """Also where a context that was copied in it is used afterwards."""
    source = (
        "import contextvars, time\n"
        "def work(seconds):\n"
        "    time.sleep(seconds)\n"
        "    return contextvars.copy_context()\n"
    )
    shop = load(source, min_duration=0.05)
    shop.work(0.06)
    application.memory.clear()
    context = quickly(application, lambda: shop.work(0))
    time.sleep(0.06)

    assert context.run(trace.get_current_span) is not trace.INVALID_SPAN
    assert not context.run(lambda: trace.get_current_span().is_recording())
    assert not application.memory.get_finished_spans()


LATE = """\
import time

def reason(tracer):
    with tracer.start_as_current_span("reason"):
        raise OSError  # human

def work(tracer, seconds):
    try:
        with tracer.start_as_current_span("statement"):
            time.sleep(seconds)
            raise KeyError("apple")
    except KeyError:
        return "handled"
"""


def test_an_error_below_short_calls_reaches_the_span_around_them(application, load):
    """However many calls without a span are between the two."""
    source = LATE + "def outer(tracer, seconds):\n    return work(tracer, seconds)\n"
    shop = load(source, min_duration=0.05)
    tracer = application.tracer
    shop.outer(tracer, 0.06)

    def job():
        with tracer.start_as_current_span("job"):
            shop.outer(tracer, 0)

    quickly(application, job)

    assert application.span("job").attributes["aiprov.error.outcome"] == "handled"
    assert "aiprov.error.outcome" not in application.span("statement").attributes


def test_an_error_below_a_span_that_began_late_stays_below_it(application, load):
    """A call handles the error of a span that began before its own did."""
    shop = load(LATE, min_duration=0.05)
    tracer = application.tracer
    shop.work(tracer, 0.06)
    application.memory.clear()
    with tracer.start_as_current_span("GET /", kind=SpanKind.SERVER) as request:
        with pytest.raises(OSError):
            shop.reason(tracer)
        shop.work(tracer, 0.06)
        request.set_status(StatusCode.ERROR)

    assert application.span("GET /").attributes["aiprov.error.origin"] == "human"


def test_a_function_with_a_span_of_its_own_has_no_second(application, load):
    """
    `@provenance` makes the span, unless it was told not to.
    """
    shop = load(
        "import aiprov_otel\n"
        "@aiprov_otel.provenance\ndef a():\n    pass\n"
        "@aiprov_otel.provenance(origin='human')\ndef b():\n    pass\n"
        "@aiprov_otel.provenance(origin='human', span=False)\ndef c():\n    pass\n"
    )
    shop.a(), shop.b(), shop.c()
    assert [span.name for span in application.memory.get_finished_spans()] == [
        "shop.a",
        "shop.b",
        "shop.c",
    ]
    assert application.span("shop.c").attributes["aiprov.match"] == "declared"


def test_after_uninstall_there_are_no_spans(application):
    """
    Functions run on without; a call that is under way ends its span.
    """
    application.install()
    hook = aiprov_otel.install_import_hook("shop", mode="spans")
    shop = application.module("shop", "def call(f):\n    return f()\n")
    shop.call(hook.uninstall)
    shop.call(int)
    assert [span.name for span in application.memory.get_finished_spans()] == ["shop.call"]


@pytest.mark.parametrize("duration", [-1, float("inf"), float("nan")])
def test_a_wrong_duration_is_refused(duration):
    """
    A duration that can't be is said at the door.
    """
    with pytest.raises(ValueError, match=r"min_duration is .*; give seconds: 0\.05, or 0"):
        aiprov_otel.install_import_hook("shop", mode="spans", min_duration=duration)


def test_the_histogram(application):
    """
    Calls that have a span are recorded with their duration, and with an exemplar that leads there.
    """
    application.write(
        "shop.py", "def work(fails):\n    if fails:\n        raise KeyError\n    return 1\n"
    )
    application.manifest()
    asked = """
import json
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
import aiprov_otel
reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader]))
trace.set_tracer_provider(TracerProvider())
aiprov_otel.install_import_hook("shop", mode="spans")
import shop
shop.work(False), shop.work(False)
try:
    shop.work(True)
except KeyError:
    pass
for r in reader.get_metrics_data().resource_metrics:
    for s in r.scope_metrics:
        for m in s.metrics:
            if m.name == "aiprov.function.duration":
                points = m.data.data_points
                print(json.dumps([m.unit, [[dict(p.attributes), p.count, p.sum < 1,
                    all(e.span_id for e in p.exemplars)] for p in points]]))
"""
    unit, points = json.loads(run(asked, application.folder))
    points.sort(key=lambda point: len(point[0]))
    said = {
        "aiprov.origin": "ai",
        "aiprov.model.name": "claude-opus-4-6",
        "aiprov.evidence.strength": "commit",
    }
    assert unit == "s"
    assert points == [[said, 2, True, True], [{**said, "error.type": "KeyError"}, 1, True, True]]


@pytest.mark.parametrize("least", [0, 1e-9])
def test_a_processor_that_ends_another_call_gets_no_spans(application, load, least):
    """
    Where one closes a generator that has a span, its own calls still have none from then on.
    """
    shop = load("def steps():\n    yield 1\ndef work():\n    pass\n", min_duration=least)
    shop.work(), list(shop.steps()), shop.work()

    class Closing(SpanProcessor):
        def on_end(self, span):
            if span.name == "shop.work":
                started.close()
                shop.work()

    started = shop.steps()
    next(started)
    application.provider.add_span_processor(Closing())
    application.memory.clear()
    shop.work()
    assert [span.name for span in application.memory.get_finished_spans()] == [
        "shop.work",
        "shop.steps",
    ]
    shop.work()
    assert len(application.memory.get_finished_spans()) == 3


FAILING = """
import asyncio, sys
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

def refuse(*given, **named):
    raise RuntimeError("their meters")

class Refusing:
    add = record = refuse

class Meters(MeterProvider):
    def get_meter(self, *given, **named):
        meter = super().get_meter(*given, **named)
        for kind in ("counter", "histogram", "observable_counter", "observable_up_down_counter"):
            theirs = getattr(meter, f"create_{kind}")
            setattr(meter, f"create_{kind}", {replacement})
        return meter

reader = InMemoryMetricReader()
metrics.set_meter_provider(Meters([reader]))
trace.set_tracer_provider(TracerProvider())
import aiprov_otel
aiprov_otel.install_import_hook("shop", mode="spans")
import shop
print(shop.total(1), list(shop.steps()), asyncio.run(shop.later()), shop.handled(), end=" ")
try:
    shop.fail()
except shop.Refused:
    print("refused")
reader.get_metrics_data()
"""


@pytest.mark.parametrize(
    "replacement",
    ["refuse", "theirs if 'observable' in kind else lambda *given, **named: Refusing()"],
)
def test_a_meter_provider_that_raises_harms_no_call(application, replacement):
    """
    What somebody else's meters raise, as they are made or record, never reaches the application.
    """
    application.write(
        "shop.py",
        "class Meta(type):\n    def __getattribute__(cls, name):\n        raise OSError(name)\n"
        "class Refused(Exception, metaclass=Meta):\n    pass\n"
        "def total(x):\n    return x\n"
        "def steps():\n    yield 2\n"
        "async def later():\n    return 3\n"
        "def handled():\n    try:\n        fail()\n    except Exception:\n        return 4\n"
        "def fail():\n    raise Refused\n",
    )
    application.manifest()

    printed = run(FAILING.replace("{replacement}", replacement), application.folder)

    assert printed == "1 [2] 3 4 refused\n"
