"""What a program can see of a function is the same under the hook, for each kind and mode."""

from __future__ import annotations

import asyncio
import copy
import doctest
import importlib
import inspect
import marshal
import pickle
import sys
import traceback
import types
import typing
import warnings
import weakref
from pathlib import Path
from unittest import mock

import cloudpickle
import pytest

import aiprov_otel
from support.application import Application, importable

BODY = '''
    """Adds up.

    >>> 1 + 1
    2
    """
    if x < 0:
        raise ValueError(x)
    if x == 99:
        warnings.warn("old", stacklevel=2)
    total = base
    for each in (x, y, z):
        total += each
'''
HANDLING = "try:\n        return {{}}[x]\n    except KeyError as error:\n        {} total".format
SIGNATURE = '(x: int, y: "int" = 2, *, z: int = 3) -> "int | None"'


def body(ending, indent=0, first=""):
    """The body of a function that ends like that."""
    lines = f"{BODY}    {ending}\n".replace("(x: int", f"({first}x: int").split("\n")
    return "\n".join(" " * indent + line if line else line for line in lines)


def function(head, ending="return total", indent=0, first=""):
    """A function, with what stands before its parameters."""
    signature = SIGNATURE.replace("(x", f"({first}x")
    return " " * indent + f"{head}{signature}:" + body(ending, indent)


TEXT = f"""\
import contextlib, functools, types, warnings

base = 0

{function("def plain")}
{function("async def coroutine")}
{function("def generator", "yield total")}
{function("async def async_generator", "yield total")}
{function("def handling", HANDLING("return"))}
{function("def handling_generator", HANDLING("yield"))}

def outer():
    seen = base
{function("def closure", "return total + seen * 0", 4)}
    return closure

closure = outer()

def keeping(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

@keeping
{function("def decorated")}
@functools.lru_cache(None)
{function("def cached")}
@functools.singledispatch
{function("def dispatched")}
@types.coroutine
{function("def old_coroutine", "yield from (); return total")}
class Cart:
{function("def method", "return total", 4, "self, ")}
    @classmethod
{function("def of_class", "return total", 4, "cls, ")}
    @staticmethod
{function("def static", "return total", 4)}
    def __call__{SIGNATURE.replace("(x", "(self, x")}:
        return super().__init__() or __class__ and x + y + z

double = lambda x, y=2, *, z=3: x + y + z
"""

KINDS = {
    "plain": lambda module: module.plain,
    "coroutine": lambda module: module.coroutine,
    "generator": lambda module: module.generator,
    "async generator": lambda module: module.async_generator,
    "handling": lambda module: module.handling,
    "handling generator": lambda module: module.handling_generator,
    "closure": lambda module: module.closure,
    "decorated": lambda module: module.decorated,
    "cached": lambda module: module.cached,
    "dispatched": lambda module: module.dispatched,
    "old coroutine": lambda module: module.old_coroutine,
    "method": lambda module: module.Cart().method,
    "class method": lambda module: module.Cart.of_class,
    "static method": lambda module: module.Cart.static,
    "callable object": lambda module: module.Cart(),
    "lambda": lambda module: module.double,
}


def called(thing, *args):
    """What a call of *thing* gives in the end, of whatever kind it is."""
    getattr(thing, "cache_clear", int)()
    made = thing(*args)
    if inspect.isasyncgen(made):
        return asyncio.run(_collected(made))
    if inspect.isawaitable(made):
        return asyncio.run(_awaited(made))
    return list(made) if inspect.isgenerator(made) else made


async def _collected(made):
    return [each async for each in made]


async def _awaited(made):
    return await made


def inner(thing):
    """The function that *thing* runs in the end."""
    thing = inspect.unwrap(getattr(thing, "__func__", thing))
    return thing if inspect.isfunction(thing) else type(thing).__call__


def result(thing):
    """Results, with and without defaults."""
    return called(thing, 1), called(thing, 1, 5)


def failure(thing):
    """The exception, and each frame of its traceback: function, line, text, columns."""
    try:
        called(thing, -1)
    except ValueError as error:
        steps = traceback.extract_tb(error.__traceback__)
        return str(error), error.__context__, [_step(each) for each in steps]
    return None


def _step(step):
    return Path(step.filename).name, step.name, step.lineno, step.line, step.colno, step.end_colno


def warning(thing):
    """The line that a warning with a stacklevel is reported at."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        called(thing, 99)
    return [(Path(each.filename).name, each.lineno, str(each.message)) for each in caught]


def wrong_arguments(thing):
    """The words of Python for a call that can't be."""
    try:
        thing(1, 2, 3, 4)
    except TypeError as error:
        return str(error), error.__traceback__.tb_next is None
    return None


def signature(thing):
    """Its signature, and that below decorators."""
    return str(inspect.signature(thing)), str(inspect.signature(inner(thing)))


def hints(thing):
    """The types that it is annotated with."""
    return typing.get_type_hints(inner(thing)), inner(thing).__annotations__


def documentation(thing):
    """Its docstring, and the examples in it."""
    found = doctest.DocTestFinder(recurse=False).find(inner(thing), "it", globs={})
    return inner(thing).__doc__, [
        (each.source, each.lineno) for test in found for each in test.examples
    ]


def defaults(thing):
    """Its defaults."""
    return inner(thing).__defaults__, inner(thing).__kwdefaults__


def names(thing):
    """What it is called, and what its code is."""
    found = inner(thing)
    code = found.__code__
    return found.__name__, found.__qualname__, code.co_name, code.co_qualname


def arguments(thing):
    """How many arguments it has, and where its code begins."""
    code = inner(thing).__code__
    counts = code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount
    return counts, code.co_firstlineno, Path(code.co_filename).name


def flags(thing):
    """What kind of function it is."""
    found = inner(thing)
    asked = (
        inspect.isfunction,
        inspect.isgeneratorfunction,
        inspect.iscoroutinefunction,
        inspect.isasyncgenfunction,
        inspect.ismethod,
        callable,
    )
    return [each(thing) for each in asked], [each(found) for each in asked], found.__code__.co_flags


def source(thing):
    """Its text."""
    return inspect.getsource(inner(thing)), inspect.getsourcelines(inner(thing))[1]


OURS = {".aiprov", "aiprov_otel.runtime.import_hook.call_table", "ELSEWHERE"}


def free_names(thing):
    """The global, the outer and the built-in names that it uses, but for what is documented."""
    found = inspect.getclosurevars(inner(thing))
    others = (found.builtins, found.unbound)
    return set(found.globals), set(found.nonlocals), *(sorted({*each} - OURS) for each in others)


def used_names(thing):
    """The names in its code that are not its own, but for what is documented."""
    code = inner(thing).__code__
    used = [name for name in code.co_names if name not in OURS]
    return used, code.co_freevars, code.co_cellvars


def marshalled(thing):
    """Whether it works where its code was written to a file and read again."""
    found = inner(thing)
    if found.__closure__:
        return None
    code = marshal.loads(marshal.dumps(found.__code__))
    other = types.FunctionType(code, found.__globals__, "other", found.__defaults__)
    other.__kwdefaults__ = found.__kwdefaults__
    given = () if len(inspect.signature(other).parameters) == 3 else (None,)
    return called(other, *given, 1)


def lines(thing):
    """The lines that carry its code, as coverage and the manifest ask for them."""
    return {line for _, _, line in inner(thing).__code__.co_lines() if line}


def pickled(thing):
    """Whether it comes back from a pickle as itself."""
    found = inner(thing)
    try:
        return pickle.loads(pickle.dumps(found)) is found
    except (pickle.PicklingError, AttributeError) as error:
        return type(error)


def pickled_by_value(thing):
    """Whether it works where its code was sent."""
    try:
        sent = cloudpickle.loads(cloudpickle.dumps(inner(thing)))
    except TypeError as error:
        return str(error)
    given = () if len(inspect.signature(sent).parameters) == 3 else (None,)
    return called(sent, *given, 1) if "__class__" not in sent.__code__.co_freevars else None


def copied(thing):
    """Whether a copy is the function itself."""
    return copy.copy(inner(thing)) is inner(thing), copy.deepcopy(inner(thing)) is inner(thing)


def referenced(thing):
    """Whether it can be referenced weakly."""
    return weakref.ref(inner(thing))() is inner(thing)


def compared(thing):
    """Whether its code can be a key, and is equal to itself alone."""
    code = inner(thing).__code__
    return {code: 1}[code], code == code.replace(), code == result.__code__


def specified(thing):
    """What a mock that is made after it accepts."""
    made = mock.create_autospec(inner(thing))
    try:
        answer = made(1, 2, 3, 4, 5)
    except TypeError as error:
        return str(error)
    return asyncio.run(_refused(answer))


async def _refused(answer):
    try:
        await answer
    except TypeError as error:
        return str(error)


def traced(thing):
    """What a tracer hears of it: calls, lines and returns, in their order."""
    heard, code = [], inner(thing).__code__

    def local(frame, event, arg):
        heard.append((frame.f_lineno, event))
        return local

    def tracer(frame, event, arg):
        return local(frame, event, arg) if frame.f_code is code else None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        called(thing, 1, 7)
    finally:
        sys.settrace(before)
    return heard


def replaced_globals(thing):
    """Whether its code runs with other globals."""
    found = inner(thing)
    if found.__closure__:
        return None
    other = types.FunctionType(found.__code__, {"base": 100}, "other", found.__defaults__)
    other.__kwdefaults__ = found.__kwdefaults__
    given = () if len(inspect.signature(other).parameters) == 3 else (None,)
    return called(other, *given, 1)


def states(thing):
    """The state of what is made by a call, before and after."""
    made = thing(1)
    if inspect.isgenerator(made):
        before = inspect.getgeneratorstate(made)
        return before, next(made, None), inspect.getgeneratorstate(made), made.close()
    if inspect.iscoroutine(made):
        return inspect.getcoroutinestate(made), made.close(), inspect.getcoroutinestate(made)
    return type(made)


CHECKS = (
    result,
    failure,
    warning,
    wrong_arguments,
    signature,
    hints,
    documentation,
    defaults,
    names,
    arguments,
    flags,
    source,
    free_names,
    used_names,
    marshalled,
    lines,
    pickled,
    pickled_by_value,
    copied,
    referenced,
    compared,
    specified,
    traced,
    replaced_globals,
    states,
)


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """The same module, once as it is and once in each mode."""
    folder = tmp_path_factory.mktemp("transparent")
    application = Application(folder)
    hooks = []
    with importable(folder):
        loaded = {}
        for mode in ("bare", "count", "metrics", "spans"):
            application.write(f"{mode}/kinds.py", TEXT)
        with application.install():
            for mode in ("bare", "count", "metrics", "spans"):
                if mode != "bare":
                    hooks.append(aiprov_otel.install_import_hook(mode, mode=mode))
                loaded[mode] = importlib.import_module(f"{mode}.kinds")
            yield loaded
            for hook in hooks:
                hook.uninstall()


@pytest.mark.parametrize("mode", ["count", "metrics", "spans"])
@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_different(modules, kind, check, mode):
    """
    What a check finds of a kind of function is what it finds without the hook.
    """
    bare, ours = KINDS[kind](modules["bare"]), KINDS[kind](modules[mode])
    if check is source and kind == "lambda":
        pytest.skip("the text of a lambda is that of its line")

    assert repr(check(ours)).replace(f"{mode}.kinds", "bare.kinds") == repr(check(bare))


BRANCHES = """
def chosen(command):
    match command:
        case 1:
            if False:
                return 1
        case _:
            if False:
                return 0
"""


@pytest.mark.parametrize("mode", ["count", "metrics", "spans"])
def test_a_tracer_hears_of_no_line_that_did_not_run(application, mode):
    """
    Where branches meet at the end of a function, the end belongs to the one that ran.
    """
    bare = application.module("bare.branches", BRANCHES)
    with application.install(), aiprov_otel.install_import_hook("shop", mode=mode):
        shop = application.module("shop.branches", BRANCHES)

    assert [_lines_of(shop.chosen, each) for each in (0, 1)] == [
        _lines_of(bare.chosen, each) for each in (0, 1)
    ]


def _lines_of(function, argument):
    heard = []

    def tracer(frame, event, arg):
        if frame.f_code is function.__code__:
            heard.append((frame.f_lineno, event))
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        function(argument)
    finally:
        sys.settrace(before)
    return heard


AWAITING = """
import inspect, types

@types.coroutine
def pause():
    yield 1

async def inner():
    await pause()

async def outer():
    await inner()

def chain():
    yield from deep()

def deep():
    yield from (1, 2)

class Refusing:
    def __iter__(self):
        return self
    def __next__(self):
        return 1
    def __getattr__(self, name):
        raise ZeroDivisionError(name)

def refused():
    yield from Refusing()

def answer():
    made, generator = outer(), chain()
    made.send(None), next(generator)
    waits = made.cr_await
    seen = [inspect.iscoroutine(waits), inspect.getcoroutinestate(waits), waits.cr_code.co_name]
    seen += [waits.cr_await.gi_code.co_name, waits.cr_frame.f_lineno, waits.__qualname__]
    below = generator.gi_yieldfrom
    seen += [inspect.isgenerator(below), inspect.getgeneratorstate(below), below.gi_code.co_name]
    made.close(), generator.close()
    refusing = refused()
    seen.append(next(refusing))
    try:
        refusing.send(1)
    except ZeroDivisionError as error:
        seen.append(str(error))
    return seen
"""


@pytest.mark.parametrize("mode", ["count", "metrics", "spans"])
def test_what_is_awaited_passes_for_itself(application, mode):
    """
    Down a chain of coroutines or generators, each can be asked what it is and what it waits for.
    """
    bare = application.module("bare.awaiting", AWAITING)
    with application.install(), aiprov_otel.install_import_hook("shop", mode=mode):
        shop = application.module("shop.awaiting", AWAITING)

    assert shop.answer() == bare.answer()
