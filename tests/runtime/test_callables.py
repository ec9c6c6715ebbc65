"""What a decorated callable is like, next to the one that was written: the same, but for a list."""

from __future__ import annotations

import abc
import asyncio
import contextlib
import copy
import dataclasses
import enum
import functools
import inspect
import operator
import pickle
import traceback
import types

import pytest

from aiprov_otel import provenance
from aiprov_otel.runtime import wrapping


def plain(a, /, b: int = 2, *rest: str, c: float = 3.0, **more) -> object:
    """Say nothing."""
    return a, b, rest, c, more


async def later(a, b=2):
    return a, b


def generate(a, b=2):
    yield a, b


async def generate_later(a, b=2):
    yield a, b


def fail(a):
    raise ValueError(a)


FUNCTIONS = [plain, later, generate, generate_later]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    "look",
    [
        inspect.signature,
        inspect.getdoc,
        inspect.getsource,
        inspect.getmodule,
        inspect.unwrap,
        inspect.isfunction,
        inspect.isroutine,
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
        inspect.get_annotations,
        pickle.dumps,
        callable,
        type,
        *map(operator.attrgetter, ("__name__", "__qualname__", "__module__", "__doc__")),
    ],
)
def test_a_function_looks_the_same(monkeypatch, function, look):
    """
    What `inspect` and the like say of a function, they say of the decorated one.
    """
    expected, ours = look(function), provenance(function)
    monkeypatch.setitem(globals(), function.__name__, ours)  # as a decorator leaves it

    assert look(ours) == expected


@pytest.mark.parametrize("function", FUNCTIONS)
def test_defaults_are_those_of_the_wrapper(function):
    """
    By design: `__defaults__`, `__kwdefaults__`, `__code__` and its file are the wrapper's own.

    As with every wrapper made by `functools.wraps`; the function's are below `__wrapped__`, where
    `inspect.signature` looks. A copy could be set, and would change nothing.
    """
    ours = provenance(function)

    assert (ours.__defaults__, ours.__kwdefaults__) == (None, None)
    assert ours.__code__.co_name == "wrapper"
    assert inspect.getfile(ours) == wrapping.__file__
    assert ours.__wrapped__.__defaults__ == function.__defaults__
    assert ours.__wrapped__.__code__ is function.__code__


def test_a_traceback_has_one_more_frame():
    """
    By design: the wrapper stands in the traceback, right above the function, and changes no line.
    """
    lines = {}
    for name, function in {"bare": fail, "ours": provenance(fail)}.items():
        with pytest.raises(ValueError, match="x") as raised:
            function("x")
        frames = traceback.extract_tb(raised.value.__traceback__)[1:]  # without the line above
        lines[name] = [(frame.name, frame.lineno) for frame in frames]

    (wrapper, *rest) = lines["ours"]
    assert wrapper[0] == "wrapper"
    assert rest == lines["bare"]


@pytest.mark.parametrize("thing", [int, enum.Enum, len, dict.get, operator.itemgetter(1), type])
def test_what_has_no_lines_of_its_own_is_refused(thing):
    """
    By design: a class and a builtin are refused at once, as they have no code to attribute.
    """
    with pytest.raises(TypeError, match="@provenance needs"):
        provenance(thing)


class Adder:
    """A callable object."""

    def __init__(self, number):
        self.number = number

    def __call__(self, other):
        return self.number + other

    def add(self, other):
        return self(other)


@functools.singledispatch
def by_type(value):
    return "any", value


@by_type.register
def _(value: int):
    return "number", value


@contextlib.contextmanager
def managed():
    yield 1


@types.coroutine
def old():
    yield
    return 1


THINGS = {
    "partial": (functools.partial(plain, 1, c=2), lambda thing: thing(5)),
    "cache": (functools.lru_cache(plain), lambda thing: (thing(1), thing.cache_info().misses)),
    "dispatch": (by_type, lambda thing: (thing(1), thing("x"), len(thing.registry))),
    "object": (Adder(1), lambda thing: (thing(2), thing.number, thing.add(3))),
    "bound": (Adder(1).add, lambda thing: (thing(2), thing.__self__.number)),
    "lambda": (lambda a=1: a, lambda thing: (thing(), thing.__name__)),
    "manager": (managed, lambda thing: thing().__enter__()),
    "old": (old, lambda thing: (inspect.isawaitable(thing()), len(list(thing())))),
    "copied": (plain, lambda thing: copy.deepcopy(thing)(1)),
    "attributes": (plain, lambda thing: vars(functools.update_wrapper(Adder(1), thing)).keys()),
    "awaited": (later, lambda thing: asyncio.run(thing(1))),
}


@pytest.mark.parametrize("kind", THINGS)
def test_it_acts_the_same(kind):
    """
    Calls, attributes and copies of every kind of callable give what they give without us.
    """
    thing, act = THINGS[kind]
    expected = act(copy.copy(thing))

    if kind == "cache":
        thing = functools.lru_cache(plain)
    assert act(provenance(thing)) == expected


def methods(decorate):
    """A class with every kind of method."""

    class Base(abc.ABC):
        @decorate
        @abc.abstractmethod
        def must(self): ...

    @dataclasses.dataclass
    class Kind(Base):
        number: int = 1

        @decorate
        def must(self):
            return super().__init__(), __class__.__name__

        @decorate
        @classmethod
        def of(cls, number):
            return cls(number)

        @staticmethod
        @decorate
        def alone(a, b=2):
            return a, b

        @decorate
        @property
        def double(self):
            return 2 * self.number

        @decorate
        @functools.cached_property
        def once(self):
            return [self.number]

        @decorate
        def __eq__(self, other):
            return self.number == other.number

        __hash__ = None

        half = functools.partialmethod(decorate(lambda self, by: self.number / by), 2)

    return Base, Kind


@pytest.mark.parametrize(
    "act",
    [
        lambda base, kind: kind().must(),
        lambda base, kind: kind.of(3).number,
        lambda base, kind: (kind.alone(1), kind().alone(1)),
        lambda base, kind: kind(4).double,
        lambda base, kind: (one := kind(5)).once is one.once,
        lambda base, kind: kind(6) == kind(6),
        lambda base, kind: kind(8).half(),
        lambda base, kind: base.__abstractmethods__,
        lambda base, kind: sorted(map(str, inspect.signature(kind.must).parameters)),
        lambda base, kind: [type(vars(kind)[name]) for name in ("of", "alone", "double", "once")],
        lambda base, kind: kind.must.__qualname__,
    ],
)
def test_a_method_acts_the_same(act):
    """
    Methods of every kind, abstract ones and special ones are bound and called as without us.
    """
    assert act(*methods(provenance)) == act(*methods(lambda thing: thing))
