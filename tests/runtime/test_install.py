"""`install()`: every provider is covered, twice is once, and it can be undone."""

from __future__ import annotations

import gc
import weakref

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import aiprov_otel
from aiprov_otel.runtime import state
from aiprov_otel.runtime.spans import ProvenanceSpanProcessor
from support.application import process, run

SHOP = "def order(library):\n    return library()\n"

# A process of its own, since the global provider can be set once.
PROLOGUE = """
import sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
import aiprov_otel
memory = InMemorySpanExporter()
def provider():
    made = TracerProvider()
    made.add_span_processor(SimpleSpanProcessor(memory))
    return made
def seen():
    import shop.orders
    tracer = trace.get_tracer("x")
    shop.orders.order(lambda: tracer.start_span("s").end())
    for span in memory.get_finished_spans():
        print(span.attributes.get("aiprov.origin"))
    memory.clear()
"""


def spans_of(provider):
    """A place where the spans of *provider* are kept."""
    memory = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    return memory


@pytest.mark.parametrize(
    "order",
    [
        "trace.set_tracer_provider(provider()); aiprov_otel.install()",
        "aiprov_otel.install(); trace.set_tracer_provider(provider())",
        "made = provider(); aiprov_otel.install(); trace.set_tracer_provider(made)",
        "trace.get_tracer('x'); aiprov_otel.install(); trace.set_tracer_provider(provider())",
        "p = provider(); aiprov_otel.install(tracer_provider=p); trace.set_tracer_provider(p)",
    ],
    ids=["before", "after", "made before, set after", "proxy", "given"],
)
def test_a_provider_may_be_made_before_or_after(application, order):
    """
    In whatever order provider and install come, its spans are annotated, once.
    """
    application.write("shop/orders.py", SHOP)
    application.manifest()

    assert run(PROLOGUE + order + "\nseen()", application.folder) == "ai\n"


def test_without_a_provider_nothing_is_set(application):
    """
    `install()` makes no provider and sets none: that is the service's own affair.
    """
    asked = PROLOGUE + "aiprov_otel.install(); print(type(trace.get_tracer_provider()).__name__)"

    assert run(asked, application.folder) == "ProxyTracerProvider\n"


def test_twice_is_once(application):
    """
    A second `install()` returns the first handle and adds no processor.
    """
    first = application.install()

    assert aiprov_otel.install() is first
    processors = application.provider._active_span_processor._span_processors
    assert sum(isinstance(each, ProvenanceSpanProcessor) for each in processors) == 1


def test_again_after_uninstall_is_once_too(application):
    """
    Going in and out does not heap processors on a provider, and works each time.
    """
    shop = application.module("shop.orders", SHOP)
    for _ in range(3):
        with application.install():
            shop.order(lambda: application.tracer.start_span("in").end())
        shop.order(lambda: application.tracer.start_span("out").end())

    processors = application.provider._active_span_processor._span_processors
    assert sum(isinstance(each, ProvenanceSpanProcessor) for each in processors) == 1
    assert [bool(span.attributes) for span in application.memory.get_finished_spans()] == [
        True,
        False,
    ] * 3


def test_after_uninstall_nothing_has_an_effect(application):
    """
    Spans, exceptions, decorated functions and new providers are as without the library.
    """
    made, set_provider = TracerProvider.__init__, trace.set_tracer_provider
    installation = application.install()
    assert TracerProvider.__init__ is not made
    shop = application.module("shop.orders", SHOP)
    decorated = aiprov_otel.provenance(shop.order)
    installation.uninstall()
    installation.uninstall()

    assert (TracerProvider.__init__, trace.set_tracer_provider) == (made, set_provider)
    with pytest.raises(OSError), application.tracer.start_as_current_span("s"):
        decorated(_fail)
    (span,) = application.memory.get_finished_spans()
    assert not span.attributes
    assert not [key for key in span.events[0].attributes if key.startswith(("aiprov", "code"))]
    later = TracerProvider(shutdown_on_exit=False)
    memory = spans_of(later)
    shop.order(lambda: later.get_tracer("x").start_span("s").end())
    assert not memory.get_finished_spans()[0].attributes


HANDLING = """
def order(tracer):
    try:
        with tracer.start_as_current_span("s"):
            raise KeyError
    except KeyError:
        pass
"""


def test_what_was_undone_is_not_kept(application):
    """
    After the next `install()`, nothing keeps what the one before knew, or its manifests open.
    """
    application.write("shop/handling.py", HANDLING)
    with application.install(), aiprov_otel.install_import_hook("shop", mode="metrics"):
        shop = application.module("shop.handling")
        decorated = aiprov_otel.provenance(shop.order)
        decorated(application.tracer)
        known = weakref.ref(state.resolver())
    with application.install():
        gc.collect()

        assert known() is None


def _fail():
    raise OSError


def test_a_patch_of_somebody_else_survives(application, monkeypatch):
    """
    What was patched over ours stays when ours is taken out.
    """
    from opentelemetry.sdk.trace import Span

    installation = application.install()
    ours = Span.record_exception

    def theirs(*args, **kwargs):
        return ours(*args, **kwargs)

    monkeypatch.setattr(Span, "record_exception", theirs)
    installation.uninstall()

    assert Span.record_exception is theirs
    span = application.tracer.start_span("s")
    span.record_exception(OSError())
    assert not [key for key in span.events[0].attributes if key.startswith("aiprov")]


@pytest.mark.parametrize("name", ["AIPROV_DISABLED", "OTEL_SDK_DISABLED"])
def test_disabled_it_does_nothing(application, monkeypatch, name):
    """
    Switched off, no provider is touched and no manifest is read, and the handle can be let go.
    """
    monkeypatch.setenv(name, "true")
    made = TracerProvider.__init__
    with aiprov_otel.install(manifest="/no/such/manifest", tracer_provider=application.provider):
        assert TracerProvider.__init__ is made
    processors = application.provider._active_span_processor._span_processors
    assert not [each for each in processors if isinstance(each, ProvenanceSpanProcessor)]


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ({"attributes": "few"}, "attributes is 'few'; use 'all' or 'minimal'"),
        ({"commits": "none"}, "commits is 'none'; use 'all' or 'ai-only'"),
    ],
)
def test_a_wrong_value_is_said_at_the_door(application, argument, said):
    """
    An argument that can't be names the value and the allowed ones, and nothing is installed.
    """
    with pytest.raises(ValueError, match=said):
        application.install(**argument)
    assert TracerProvider.__init__.__module__ == "opentelemetry.sdk.trace"


def test_a_service_runs_on_with_a_wrong_value(application, monkeypatch, caplog):
    """
    Each value that can't be has one warning, and what sends less is taken.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    monkeypatch.setenv("AIPROV_FAST", "maybe")
    shop = application.module("shop.orders", SHOP)
    for _ in range(2):
        with application.install(attributes="some"):
            shop.order(lambda: application.tracer.start_span("s").end())

    assert [message for message in caplog.messages if "(setting-wrong)" in message] == [
        "AIPROV_FAST is 'maybe'; use 'true' or 'false'; using 'true' (setting-wrong)",
        "attributes is 'some'; use 'all' or 'minimal'; using 'minimal' (setting-wrong)",
    ]
    assert "aiprov.agent.name" not in application.spans["s"].attributes
    assert application.spans["s"].attributes["aiprov.origin"] == "ai"


def test_a_provider_whose_method_is_not_ready_has_our_processor(application, caplog):
    """
    A subclass that can't take a processor of the user yet has ours as soon as the SDK's part has.
    """
    application.install()
    caplog.clear()

    class Late(TracerProvider):
        def __init__(self):
            super().__init__(shutdown_on_exit=False)
            self.ready = True

        def add_span_processor(self, span_processor):
            assert self.ready
            super().add_span_processor(span_processor)

    (processor,) = Late()._active_span_processor._span_processors
    assert isinstance(processor, aiprov_otel.ProvenanceSpanProcessor)
    assert caplog.messages == []


def test_whatever_stands_in_sys_modules_is_passed_over(application):
    """
    `install()` looks at the modules that are there, and loads and breaks none of them.
    """
    asked = (
        PROLOGUE
        + """
import importlib.util
class Odd:
    def __getattr__(self, name): raise SystemExit("was touched")
sys.modules["odd"] = Odd()
spec = importlib.util.find_spec("colorsys")
spec.loader = importlib.util.LazyLoader(spec.loader)
lazy = importlib.util.module_from_spec(spec)
sys.modules["colorsys"] = lazy
spec.loader.exec_module(lazy)
aiprov_otel.install()
print(type(lazy).__name__)
"""
    )
    assert run(asked, application.folder) == "_LazyModule\n"


def test_the_house_is_not_opened_too_far(tmp_path):
    """
    `install` needs neither opentelemetry-instrumentation nor a framework, and starts nothing.
    """
    asked = """
import sys
opened = []
sys.addaudithook(lambda name, args: opened.append((name, args)))
import aiprov_otel.runtime.install
aiprov_otel.install()
print([m for m in sys.modules if m.startswith(("opentelemetry.instrumentation", "starlette"))])
print([a for n, a in opened if n == "open" and ".git" in str(a[0]).split("/")])
print([n for n, _ in opened if n.startswith(("socket.connect", "socket.bind", "subprocess"))])
"""
    (tmp_path / ".git").mkdir()
    done = process(asked, tmp_path)
    assert done.stdout == "[]\n[]\n[]\n", done.stderr


def test_no_tracer_provider_is_one_warning(application):
    """
    Whoever forgets it learns why there are no spans; one that is there, or given, is fine.
    """
    application.manifest()
    asked = "import aiprov_otel; aiprov_otel.install(); aiprov_otel.install()"
    given = "aiprov_otel.install(tracer_provider=TracerProvider())"
    fine = f"import aiprov_otel; from opentelemetry.sdk.trace import TracerProvider; {given}"

    assert process(asked, application.folder).stderr.count("(provider-missing)") == 1
    assert process(fine, application.folder).stderr == ""
