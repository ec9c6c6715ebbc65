"""The counters of functions as a reader of metrics collects them; a process has one provider."""

from __future__ import annotations

import json

from aiprov_otel.runtime.import_hook import counters
from support.application import HUMAN, run

SHOP = """\
def quote(item):
    return check(item)

def check(item):  # human
    if not item:  # human
        raise KeyError(item)  # human
    return item  # human
"""
PROLOGUE = """
import json, os, sys, time
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
import aiprov_otel

reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader]))

def told(name):
    data = reader.get_metrics_data()
    found = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics
        if m.name == name] if data else []
    for metric in found:
        points = [(dict(p.attributes), p.value) for p in metric.data.data_points]
        points.sort(key=lambda point: sorted(point[0].items()))
        print(json.dumps([metric.unit, metric.data.is_monotonic, *points]), flush=True)
    if not found:
        print("null", flush=True)

def attempt(function, *given):
    try:
        return function(*given)
    except Exception as error:
        return error
"""
HOOK = "hook = aiprov_otel.install_import_hook('shop', mode='metrics')\n"


def told(application, code, **environ):
    """What a process prints, line by line, as it was."""
    printed = run(PROLOGUE + code, application.folder, **environ)
    return [json.loads(line) for line in printed.splitlines()]


def ready(application, text=SHOP):
    """The shop, by a model and by a person, and its manifest."""
    application.write("shop.py", text)
    application.manifest()


AI = {
    "aiprov.origin": "ai",
    "aiprov.model.name": "claude-opus-4-6",
    "aiprov.evidence.strength": "commit",
}
PERSON = {"aiprov.origin": "human", "aiprov.evidence.strength": "weak"}


def test_calls_by_origin(application):
    """
    Calls are counted by origin, model and strength; failed ones have the type of their error.
    """
    assert HUMAN.strength == "weak"
    ready(application)
    found = told(
        application,
        HOOK + "import shop\nshop.quote(1), shop.quote(2), attempt(shop.quote, 0)\n"
        "told('aiprov.function.calls')\nshop.check(1)\ntold('aiprov.function.calls')\n",
    )
    assert found[0] == [
        "{call}",
        True,
        [AI, 2],
        [{**AI, "error.type": "KeyError"}, 1],
        [PERSON, 2],
        [{**PERSON, "error.type": "KeyError"}, 1],
    ]
    assert found[1][4] == [PERSON, 3]


def test_time_in_seconds(application):
    """
    Time and self time are seconds, and self times add up to the time of the outermost calls.
    """
    ready(application, "import time\ndef quote():\n    time.sleep(0.02)\n    check()\n\n"
          "def check():  # human\n    time.sleep(0.03)  # human\n")  # fmt: skip
    time, self_time = told(
        application,
        HOOK + "import shop\nshop.quote()\n"
        "told('aiprov.function.time'), told('aiprov.function.self_time')\n",
    )
    assert (time[0], time[1]) == ("s", True)
    (model, quote), (person, check) = self_time[2:]
    assert (person, model) == (PERSON, AI)
    assert 0.03 <= check < 0.2
    assert abs(check + quote - time[2][1]) < 1e-6


def test_functions_by_name_when_asked(application):
    """
    `by_function` names each function.
    """
    ready(application)
    (found,) = told(
        application,
        "aiprov_otel.install_import_hook('shop', mode='metrics', by_function=True)\n"
        "import shop\nshop.quote(1)\ntold('aiprov.function.calls')\n",
    )
    assert [point[0]["code.function.name"] for point in found[2:]] == ["shop.quote", "shop.check"]


def test_names_are_bounded():
    """
    The first 2,000 functions have their names, and the others are `_OTHER`.
    """
    bounded = counters.BoundedNames(2_000)
    names = [bounded.limit(f"shop.f{number}") for number in range(2_010)]
    assert names[1_999] == "shop.f1999"
    assert set(names[2_000:]) == {"_OTHER"}


def test_kinds_of_errors_are_bounded(application):
    """
    A program that makes up classes of errors does not make up time series.
    """
    ready(application, "def fail(kind):\n    raise kind\n")
    (found,) = told(
        application,
        HOOK + "import shop\nfor number in range(520):\n"
        "    attempt(shop.fail, type(f'E{number}', (Exception,), {}))\n"
        "told('aiprov.function.calls')\n",
    )
    kinds = {point[0].get("error.type"): point[1] for point in found[2:]}
    assert len(kinds) == 502
    assert (kinds["_OTHER"], kinds[None]) == (20, 0)


def test_an_iterator_s_end_is_no_error(application):
    """
    `StopIteration` is how `__next__` says that it is done.
    """
    ready(application, "class One:\n    def __iter__(self):\n        return self\n"
          "    def __next__(self):\n        raise StopIteration\n")  # fmt: skip
    asked = "import shop\nlist(shop.One())\ntold('aiprov.function.calls')"
    (found,) = told(application, HOOK + asked)
    assert found[2:] == [[AI, 2]]


def test_what_was_called_off_is_no_error(application):
    """
    A call that ends since its future was canceled, whether of a pool or of a loop, has not failed.
    """
    ready(application, "def fail(kind):\n    raise kind\n")
    asked = (
        "import asyncio, concurrent.futures, shop\n"
        "for module in (asyncio, concurrent.futures):\n"
        "    try:\n        shop.fail(module.CancelledError)\n"
        "    except module.CancelledError:\n        pass\n"
        "told('aiprov.function.calls')"
    )
    (found,) = told(application, HOOK + asked)
    assert found[2:] == [[AI, 2]]


def test_after_uninstall_nothing_is_observed(application):
    """
    A reader finds no counters of ours any more.
    """
    ready(application)
    found = told(
        application,
        HOOK + "import shop\nshop.quote(1)\nhook.uninstall()\ntold('aiprov.function.calls')\n",
    )
    assert found == [None]


def test_the_order_does_not_matter(application):
    """
    A provider that is set after the hook, and after the first calls, observes them all.
    """
    ready(application)
    late = PROLOGUE.replace("metrics.set_meter", "set_it = lambda: metrics.set_meter")
    code = HOOK + "import shop\nshop.check(1)\nset_it()\ntold('aiprov.function.calls')\n"
    assert json.loads(run(late + code, application.folder))[2:] == [[PERSON, 1]]


def test_a_forked_child_reports_its_own(application):
    """
    What the parent counted before the fork, the child does not report again.
    """
    ready(application)
    found = told(
        application,
        HOOK + "import shop\nshop.check(1), shop.check(1)\n"
        "if os.fork() == 0:\n    shop.check(1), told('aiprov.function.calls'), os._exit(0)\n"
        "os.wait()\ntold('aiprov.function.calls')\n",
    )
    assert [each[2] for each in found] == [[PERSON, 1], [PERSON, 2]]


def test_the_environment_chooses_the_mode(application):
    """
    `AIPROV_PACKAGES=shop=metrics` is enough.
    """
    ready(application)
    (found,) = told(
        application,
        "aiprov_otel.install()\nimport shop\nshop.check(1)\ntold('aiprov.function.calls')\n",
        AIPROV_PACKAGES="shop=metrics",
    )
    assert found[2:] == [[PERSON, 1]]
