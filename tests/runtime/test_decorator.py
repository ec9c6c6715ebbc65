"""`@provenance` on every kind of callable: what it is, what it returns, what it says."""

from __future__ import annotations

import abc
import asyncio
import copy
import functools
import inspect
import pickle
import types
import warnings

import pytest

from aiprov_otel import provenance, provenance_of
from aiprov_otel.values import Origin
from support.application import run

RESULT = object()


@pytest.fixture
def installed(application):
    """Installed; the functions below are in no manifest."""
    application.install()
    return application


def plain(a, /, b: int = 2, *rest: str, c: float, d=None, **more) -> object:
    """Say nothing."""
    return RESULT


async def later(a):
    return a


def generate(a):
    yield a


async def generate_later(a):
    yield a


decorated = provenance(plain)


@provenance
def by_name():
    return RESULT


@provenance
@functools.lru_cache
def cached():
    return RESULT


pickled_partial = provenance(functools.partial(plain, 1, c=2))


@pytest.mark.parametrize("function", [plain, later, generate, generate_later, lambda a: a])
def test_it_is_introspected_as_what_it_was(function):
    """
    Signature, name, module, doc, annotations and kind are those of the function.
    """
    ours = provenance(function)

    assert ours is not function
    assert ours.__wrapped__ is function
    assert inspect.signature(ours) == inspect.signature(function)
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        assert getattr(ours, name) == getattr(function, name)
    for kind in (
        inspect.isfunction,
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
    ):
        assert kind(ours) is kind(function)


def test_a_call_is_a_span(installed):
    """
    The span is named for the function, and says where that is and that no manifest knows it.
    """
    assert decorated(1, c=3) is RESULT
    attributes = installed.span().attributes
    assert installed.span().name == f"{__name__}.plain"
    assert attributes["aiprov.unit"] == "function"
    assert (attributes["aiprov.origin"], attributes["aiprov.match"]) == ("unknown", "missing")
    assert attributes["code.function.name"] == f"{__name__}.plain"
    assert attributes["code.file.path"] == __file__
    assert attributes["code.line.number"] == plain.__code__.co_firstlineno


def test_the_origin_comes_from_the_manifest(application):
    """
    Bare, the decorator says what the manifest says, and the line of the `def` below it.
    """
    text = "from aiprov_otel import provenance\n\n@provenance\ndef f():\n    return 1  # human\n"
    shop = application.module("shop.bare", text)
    application.install()
    shop.f()

    attributes = application.span().attributes
    assert attributes["aiprov.origin"] == "human"
    assert attributes["code.line.number"] == 4


def test_wrong_arguments_are_the_function_s_own_error(installed):
    """
    A call that does not fit raises the TypeError that it always raised.
    """
    with pytest.raises(TypeError, match=r"plain\(\) missing 1 required keyword-only argument: 'c'"):
        decorated(1)


def test_an_exception_is_the_same_object(installed):
    """
    What is raised is what comes out, with its own frames innermost.
    """
    error = KeyError()

    @provenance
    def fail():
        raise error

    with pytest.raises(KeyError) as raised:
        fail()
    assert raised.value is error
    assert raised.traceback[-1].name == "fail"


def test_coroutines_are_awaited_inside_their_span(installed):
    """
    The span lasts until the coroutine returns.
    """

    @provenance
    async def wait():
        await asyncio.sleep(0)
        assert not installed.memory.get_finished_spans()
        return RESULT

    assert asyncio.run(wait()) is RESULT
    assert installed.span("wait")


def test_a_coroutine_that_is_never_awaited_has_no_span(installed):
    """
    What did not run is not told, and Python warns as always.
    """
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        coroutine = provenance(later)(1)
        del coroutine

    assert [str(each.message) for each in said] == ["coroutine 'later' was never awaited"]
    assert not installed.spans


class Above:
    """Methods below the decorator."""

    @provenance
    def method(self):
        return self

    @provenance
    @classmethod
    def of_class(cls):
        return cls

    @provenance
    @staticmethod
    def static():
        return RESULT

    @provenance
    @property
    def prop(self):
        """A property."""
        return self

    @provenance
    @functools.cached_property
    def once(self):
        """Computed once."""
        return object()

    @provenance
    @classmethod
    async def later(cls):
        return cls


class Below:
    """Methods with the decorator innermost."""

    @provenance
    def method(self):
        return self

    @classmethod
    @provenance
    def of_class(cls):
        return cls

    @staticmethod
    @provenance
    def static():
        return RESULT

    @property
    @provenance
    def prop(self):
        """A property."""
        return self

    @functools.cached_property
    @provenance
    def once(self):
        """Computed once."""
        return object()

    @classmethod
    @provenance
    async def later(cls):
        return cls


@pytest.mark.parametrize("kind", [Above, Below])
def test_methods_are_bound_as_ever(installed, kind):
    """
    Above and below a descriptor, each kind of method gets what it got, and has a span.
    """
    thing = kind()

    assert thing.method() is thing
    assert kind.method(thing) is thing
    assert kind.of_class() is thing.of_class() is kind
    assert kind.static() is thing.static() is RESULT
    assert thing.prop is thing
    assert kind.prop.__doc__ == "A property."
    assert thing.once is thing.once
    assert asyncio.run(kind.later()) is kind
    names = [span.name.rpartition(".")[2] for span in installed.memory.get_finished_spans()]
    assert names == [
        *("method", "method", "of_class", "of_class", "static", "static"),
        *("prop", "once", "later"),
    ]
    assert type(vars(kind)["of_class"]) is classmethod
    assert type(vars(kind)["static"]) is staticmethod
    assert type(vars(kind)["once"]) is functools.cached_property


def test_a_property_keeps_its_setter_and_deleter(installed):
    """
    All that a property has is decorated.
    """
    done = []

    def make(name):
        return lambda *given: done.append(name)

    class Thing:
        prop = provenance(property(make("get"), make("set"), make("delete"), "Its doc."))

    thing = Thing()
    thing.prop = 1
    del thing.prop
    _ = thing.prop

    assert done == ["set", "delete", "get"]
    assert Thing.prop.__doc__ == "Its doc."
    assert len(installed.memory.get_finished_spans()) == 3


def test_an_abstract_method_stays_abstract():
    """
    A class with one still can't be made.
    """

    class Base(abc.ABC):
        @provenance
        @property
        @abc.abstractmethod
        def prop(self):
            """What a subclass knows."""

    with pytest.raises(TypeError, match="abstract"):
        Base()


def test_a_cache_stays_a_cache(installed):
    """
    `lru_cache` keeps `cache_info` and `cache_clear`, above and below.
    """
    above = functools.lru_cache(provenance(_echo))
    below = provenance(functools.lru_cache(_echo))
    for function in (above, below):
        assert [function(1), function(1)] == [1, 1]
        assert function.cache_info().hits == 1
        function.cache_clear()
        assert function.cache_info().currsize == 0

    assert len(installed.memory.get_finished_spans()) == 1 + 2


def _echo(a):
    return a


class Callable:
    """An object that is called."""

    tag = "mine"

    def __call__(self, a):
        return a


class LaterCallable:
    """An object that is called and awaited."""

    async def __call__(self, a):
        await asyncio.sleep(0)
        return a


def test_partials_and_objects_keep_what_they_have(installed):
    """
    A partial, an object and a bound method are called through, and look as before.
    """
    partial = provenance(functools.partial(_echo, 1))
    thing = provenance(Callable())
    method = provenance(Above().method)

    assert partial() == 1
    assert (partial.func, partial.args) == (_echo, (1,))
    assert (thing(2), thing.tag, isinstance(thing, Callable)) == (2, "mine", True)
    assert isinstance(method(), Above)
    assert set(installed.spans) == {
        f"{__name__}._echo",
        f"{__name__}.Callable.__call__",
        f"{__name__}.Above.method",
    }


@pytest.mark.parametrize(
    "thing", [LaterCallable(), functools.partial(later), functools.partial(LaterCallable())]
)
def test_what_is_awaited_is_awaited_inside_its_span(installed, thing):
    """
    An object or a partial whose call is a coroutine has a span until that is done.
    """

    async def main():
        with installed.tracer.start_as_current_span("around"):
            return await provenance(thing)(7)

    assert asyncio.run(main()) == 7
    first, second = installed.memory.get_finished_spans()
    assert first.parent == second.context


class GeneratingCallable:
    """An object that is called and iterated."""

    def __call__(self, a):
        yield a


@pytest.mark.parametrize("thing", [GeneratingCallable(), functools.partial(generate)])
def test_what_is_iterated_is_iterated_inside_its_span(installed, thing):
    """
    An object or a partial whose call is a generator has a span until that is done.
    """
    generator = provenance(thing)(7)

    assert next(generator) == 7
    assert not installed.spans
    assert list(generator) == []
    assert installed.span()


@pytest.mark.parametrize("function", [by_name, cached])
def test_a_function_of_a_module_is_pickled_by_name(function):
    """
    It comes back as itself, in this process and in another.
    """
    assert pickle.loads(pickle.dumps(function)) is function
    assert copy.copy(function) in (function, function.__wrapped__)
    assert copy.deepcopy({"f": function})["f"] in (function, function.__wrapped__)


def test_a_partial_is_pickled_as_a_partial():
    """
    What wrapt refuses is done as for the thing itself.
    """
    assert pickle.loads(pickle.dumps(pickled_partial))() is RESULT
    assert copy.deepcopy(pickled_partial)() is RESULT


def test_recursion_is_a_span_a_call(installed):
    """
    A function that calls itself has a span in a span.
    """

    @provenance
    def down(n):
        return down(n - 1) if n else 0

    assert down(3) == 0
    spans = installed.memory.get_finished_spans()
    assert [each.parent for each in spans] == [*(outer.context for outer in spans[1:]), None]


def test_dispatch_on_the_type_is_kept(installed):
    """
    `singledispatch` below still registers.
    """

    @provenance
    @functools.singledispatch
    def show(a):
        return "any"

    @show.register
    def _(a: int):
        return "int"

    assert (show("x"), show(1)) == ("any", "int")


def test_a_coroutine_made_of_a_generator_is_still_awaited(installed):
    """
    `types.coroutine` below gives what can be awaited.
    """

    @provenance
    @types.coroutine
    def old(a):
        yield
        return a

    async def main():
        return await old(3)

    assert asyncio.run(main()) == 3


@pytest.mark.parametrize("thing", [Callable, 7, None, "text", [], len, dict.get])
def test_what_is_no_python_function_is_a_type_error(thing):
    """
    A class, a value and a function of C are turned away at once, in one line.
    """
    with pytest.raises(TypeError) as raised:
        provenance()(thing)
    assert str(raised.value).startswith("@provenance needs")
    assert "\n" not in str(raised.value)


def test_a_wrong_origin_names_the_four():
    """
    An origin that is none says which there are.
    """
    with pytest.raises(ValueError, match="origin is 'robot'; use one of ai, human, mixed, unknown"):
        provenance(origin="robot")


@pytest.mark.parametrize("value", ["agent", "model", "commit"])
def test_a_value_without_an_origin_asks_for_it(value):
    """
    Agent, model or commit alone say nothing.
    """
    with pytest.raises(ValueError, match="origin= is missing"):
        provenance(**{value: "x"})


def test_what_was_stated_is_said(installed):
    """
    A declared origin is on the span, as it was given, with what is known beside it.
    """

    @provenance(origin="ai", agent="claude-code", model="claude-opus-4-6", commit="9fd81c2")
    def stated():
        pass

    stated()
    attributes = dict(installed.span().attributes)
    assert {key: value for key, value in attributes.items() if not key.startswith("code.")} == {
        "aiprov.origin": "ai",
        "aiprov.agent.name": "claude-code",
        "aiprov.model.name": "claude-opus-4-6",
        "aiprov.commit.id": "9fd81c2",
        "aiprov.evidence.kind": "declared",
        "aiprov.evidence.strength": "line",
        "aiprov.match": "declared",
        "aiprov.unit": "function",
    }


@pytest.mark.parametrize(
    "thing",
    [_echo, functools.partial(_echo, 1), staticmethod(_echo), property(_echo), Callable()],
)
def test_without_a_span_it_is_the_same_object(installed, thing):
    """
    `span=False` keeps the statement and returns what it was given, untouched.
    """
    assert provenance(origin="human", span=False)(thing) is thing
    _echo(1)

    assert not installed.spans


def test_without_a_span_a_cached_property_is_untouched(installed):
    """
    Not even what it computes with is replaced.
    """
    thing = functools.cached_property(_named)
    assert provenance(origin="human", span=False)(thing) is thing

    assert thing.func is _named
    assert provenance_of(_named).origin is Origin.HUMAN


def _named(self):
    return self


def test_it_works_without_install(tmp_path):
    """
    A decorator is enough: the first call looks for a manifest, and says once that there is none.
    """
    asked = """
import logging
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from aiprov_otel import provenance

logging.basicConfig(format="%(message)s")
@provenance
def f(): return 1
assert f() == 1            # before there is a provider
memory = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
trace.set_tracer_provider(provider)
f(), f()
for span in memory.get_finished_spans():
    print(span.attributes["aiprov.origin"], span.attributes["aiprov.match"])
"""
    from support.application import process

    done = process(asked, tmp_path)
    assert done.stdout == "unknown missing\n" * 2
    assert done.stderr.count("(manifest-missing)") == 1


@pytest.mark.parametrize("name", ["AIPROV_DISABLED", "OTEL_SDK_DISABLED"])
def test_disabled_it_is_the_function(tmp_path, name):
    """
    Switched off, a call has no span and no manifest is looked for.
    """
    asked = """
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry import trace
import aiprov_otel
class Loud(trace.ProxyTracerProvider):
    def get_tracer(self, *args, **kwargs): raise SystemExit("asked for a tracer")
trace.set_tracer_provider(Loud())
@aiprov_otel.provenance
def f(): return 1
print(f(), aiprov_otel.install().uninstall(), f())
"""
    assert run(asked, tmp_path, **{name: "true"}) == "1 None 1\n"
