"""`metrics` and `count`: every kind of function counts, and time is where it was spent."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from weakref import ref

import pytest

import aiprov_otel
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
from aiprov_otel.runtime.import_hook.counters import CALLS, ERRORS, NAMED_ERRORS, SELF_TIME, TIME
from support.counters import calls, errors, row

KINDS = '''
import functools

def plain(x):
    """Twice."""
    return x * 2

class Cart:
    def __init__(self):
        self.total = 0
    def add(self, x):
        self.total += x
        return self
    @classmethod
    def make(cls):
        return cls().add(1)
    @staticmethod
    def zero():
        return 0
    @property
    def double(self):
        return self.total * 2
    @functools.cached_property
    def cached(self):
        return self.total
    class Inner:
        def deep(self):
            return "deep"

def outer():
    x = 1
    def inner():
        nonlocal x
        x += 1
        return x
    return inner

named = lambda x, *, y=2: x + y

def generator(n):
    got = 0
    for i in range(n):
        got = (yield i) or got
    return got

def delegating(n):
    return (yield from generator(n))

async def coroutine(x):
    return x

async def asynchronous(n):
    for i in range(n):
        yield i

if True:
    try:
        def conditional():
            return "conditional"
    finally:
        pass

match 1:
    case 1:
        def matched():
            return "matched"

@functools.lru_cache
def cached(x):
    return x

@functools.singledispatch
def dispatched(x):
    return "any"

@dispatched.register
def _(x: int):
    return "int"
'''


def test_every_kind_of_function_counts(load):
    """
    Functions, methods, nested functions, closures, named lambdas, generators, coroutines and what
    stands below decorators, in whatever block.
    """
    shop = load(KINDS)
    assert shop.plain(2) == 4
    cart = shop.Cart.make()
    assert (cart.zero(), cart.double, cart.cached, cart.cached) == (0, 2, 1, 1)
    assert shop.Cart.Inner().deep() == "deep"
    inner = shop.outer()
    assert (inner(), inner()) == (2, 3)
    assert shop.named(1) == 3
    assert list(shop.delegating(3)) == [0, 1, 2]
    assert asyncio.run(shop.coroutine(1)) == 1

    async def collected():
        return [x async for x in shop.asynchronous(2)]

    assert asyncio.run(collected()) == [0, 1]
    assert (shop.conditional(), shop.matched()) == ("conditional", "matched")
    assert (shop.cached(1), shop.cached(1)) == (1, 1)
    assert (shop.dispatched(1), shop.dispatched("")) == ("int", "any")

    found = {function.qualname: function.row[CALLS] for function in REGISTRY}
    assert found == {
        "plain": 1,
        "Cart.__init__": 1,
        "Cart.add": 1,
        "Cart.make": 1,
        "Cart.zero": 1,
        "Cart.double": 1,
        "Cart.cached": 1,
        "Cart.Inner.deep": 1,
        "outer": 1,
        "outer.<locals>.inner": 2,
        "named": 1,
        "generator": 1,
        "delegating": 1,
        "coroutine": 1,
        "asynchronous": 1,
        "conditional": 1,
        "matched": 1,
        "cached": 1,
        "dispatched": 1,
        "_": 1,
    }


def test_count_counts_without_a_clock(load):
    """
    `count` counts calls as they begin, and nothing else.
    """
    shop = load(KINDS, mode="count")
    shop.plain(1)
    shop.outer()()
    assert (row("plain")[:ERRORS], errors("plain")) == ([1, 0, 0], {})
    assert calls("outer.<locals>.inner") == 1
    assert shop.plain.__code__.co_varnames == ("x",)


def test_functions_that_see_their_own_names_are_only_counted(load):
    """
    `locals()`, `vars()`, `dir()`, `eval` and `exec` show what they would show without us.
    """
    shop = load(
        "def a(x):\n    return locals()\n"
        "def b(x):\n    return vars()\n"
        "def c(x):\n    return dir()\n"
        "def d(x):\n    return eval('dir()')\n"
        "def e(x):\n    found = {}\n    exec('found.update(locals())')\n    return set(found)\n"
        "def f(x):\n    'not locals'\n    return x\n"
    )
    assert (shop.a(1), shop.b(1), shop.c(1), shop.d(1)) == ({"x": 1}, {"x": 1}, ["x"], ["x"])
    assert shop.e(1) == {"x", "found"}
    assert shop.f(1) == 1
    assert [row(name)[TIME] > 0 for name in "abcdef"] == [False] * 5 + [True]


@pytest.mark.parametrize(
    ("raised", "counted"),
    [
        ("ValueError()", {"ValueError": 1}),
        ("GeneratorExit()", {}),
        ("asyncio.CancelledError()", {}),
        ("KeyboardInterrupt()", {}),
        ("SystemExit()", {}),
        ("ExceptionGroup('', [ValueError()])", {"ExceptionGroup": 1}),
    ],
)
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_what_counts_as_an_error(load, kind, raised, counted):
    """
    Whatever ends a program, a task or a generator in order is no error.
    """
    shop = load(f"import asyncio\n{kind} fail():\n    raise {raised}\n")
    try:
        called = shop.fail()
        called.send(None)
    except BaseException as error:  # noqa: BLE001 (each of them is of interest)
        assert error.__traceback__.tb_next.tb_next is None
    assert errors("fail") == counted
    assert calls("fail") == 1


def test_time_and_self_time(load):
    """
    Time includes what a function calls; its self time is the rest.
    """
    shop = load(
        "import time\n"
        "def outer():\n    time.sleep(0.02)\n    inner()\n    inner()\n"
        "def inner():\n    time.sleep(0.03)\n"
    )
    shop.outer()
    outer, inner = row("outer"), row("inner")
    assert inner[TIME] == inner[SELF_TIME] >= 0.06
    assert outer[TIME] >= 0.08
    assert outer[SELF_TIME] == outer[TIME] - inner[TIME]


def test_a_failing_call_takes_time_too(load):
    """
    Time runs until an exception leaves, and the caller's self time does not have it.
    """
    shop = load(
        "import time\n"
        "def outer():\n    try:\n        inner()\n    except OSError:\n        pass\n"
        "def inner():\n    time.sleep(0.1)\n    raise OSError\n"
    )
    shop.outer()
    assert row("inner")[TIME] >= 0.1
    assert row("outer")[SELF_TIME] < 0.05


TASKS = """
import asyncio, contextlib, time

async def work(seconds, naps):
    for _ in range(naps):
        await asyncio.sleep(0.05)
        spend(seconds)
    return "done"

def spend(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass

async def both():
    return await asyncio.gather(work(0.01, 3), work(0.02, 3))

class Door:
    async def __aenter__(self):
        await asyncio.sleep(0.05)
        return self
    async def __aexit__(self, *raised):
        await asyncio.sleep(0.05)

async def slowly(n):
    for i in range(n):
        await asyncio.sleep(0.02)
        yield i

async def waiting():
    async with Door() as door, asyncio.timeout(1):
        found = [x async for x in slowly(2)]
        async for x in slowly(2):
            found.append(x)
        found += [await asyncio.sleep(0.02, y) for y in (5, 6)]
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.02, future.set_result, 7)
        found.append(await future)
    return found

@contextlib.asynccontextmanager
async def managed():
    await asyncio.sleep(0.1)
    yield 1
    await asyncio.sleep(0.1)

async def managing():
    async with managed() as x:
        return x
"""


def test_tasks_are_kept_apart(load):
    """
    What other tasks do while one waits is nobody's time but theirs.
    """
    shop = load(TASKS)
    assert asyncio.run(shop.both()) == ["done", "done"]
    spent = row("spend")[TIME]
    assert spent >= 0.09
    assert spent <= row("work")[TIME] < spent + 0.1
    assert row("work")[SELF_TIME] < 0.1
    assert row("both")[TIME] < 0.1


@pytest.mark.parametrize(
    ("function", "result"), [("waiting", [0, 1, 0, 1, 5, 6, 7]), ("managing", 1)]
)
def test_waiting_is_not_running(load, function, result):
    """
    However a coroutine waits (`await`, `async with`, `async for`, in a comprehension), it does
    not run meanwhile.
    """
    shop = load(TASKS)
    began = time.perf_counter()
    assert asyncio.run(getattr(shop, function)()) == result
    assert time.perf_counter() - began > 0.2
    assert row(function)[TIME] < 0.1


def test_a_generator_runs_while_it_is_asked(load):
    """
    The time between two steps belongs to the caller, and so for each generator below.
    """
    shop = load(
        "import time\n"
        "def leaf():\n    for i in range(3):\n        time.sleep(0.01)\n        yield i\n"
        "def stem():\n    yield from leaf()\n"
        "def consume():\n    for i in stem():\n        time.sleep(0.1)\n"
    )
    shop.consume()
    leaf, stem, consume = row("leaf"), row("stem"), row("consume")
    assert 0.03 <= leaf[TIME] < 0.2
    assert stem[SELF_TIME] < 0.1
    assert consume[SELF_TIME] >= 0.3


GENERATORS = """
def echo():
    said = None
    try:
        while True:
            try:
                said = yield said
            except KeyError as error:
                said = repr(error)
    finally:
        done.append("closed")

def relay():
    return (yield from echo())

def returning():
    yield
    return 5

async def aecho():
    said = None
    try:
        while True:
            try:
                said = yield said
            except KeyError as error:
                said = repr(error)
    finally:
        done.append("closed")

done = []
"""


@pytest.mark.parametrize("name", ["echo", "relay"])
def test_a_generator_is_sent_to_thrown_into_and_closed(load, name):
    """
    `send`, `throw`, `close` and the return value go through, whatever delegates.
    """
    shop = load(GENERATORS)
    generator = getattr(shop, name)()
    assert next(generator) is None
    assert generator.send("apple") == "apple"
    assert generator.throw(KeyError(1)) == "KeyError(1)"
    with pytest.raises(OSError, match="none"):
        generator.throw(OSError("none"))
    assert shop.done == ["closed"]
    other = getattr(shop, name)()
    next(other)
    other.close()
    assert shop.done == ["closed", "closed"]
    third = shop.returning()
    next(third)
    with pytest.raises(StopIteration) as ended:
        next(third)
    assert ended.value.value == 5
    assert (calls(name), errors(name)) == (2, {"OSError": 1})


def test_an_async_generator_is_sent_to_thrown_into_and_closed(load):
    """
    `asend`, `athrow` and `aclose` go through.
    """
    shop = load(GENERATORS)

    async def main():
        generator = shop.aecho()
        assert await anext(generator) is None
        assert await generator.asend("apple") == "apple"
        assert await generator.athrow(KeyError(1)) == "KeyError(1)"
        await generator.aclose()

    asyncio.run(main())
    assert shop.done == ["closed"]
    assert (calls("aecho"), errors("aecho")) == (1, {})


def test_a_generator_that_is_dropped_ends(load):
    """
    One that nobody asks any more ends when it is collected, and is no error.
    """
    shop = load(GENERATORS)
    generator = shop.echo()
    next(generator)
    del generator
    gc.collect()
    assert errors("echo") == {}
    assert calls("echo") == 1


def test_a_generator_that_moves_between_threads(load):
    """
    Each step counts in the thread that it runs in.
    """
    shop = load(
        "import time\n"
        "def steps():\n    for i in range(4):\n        time.sleep(0.01)\n        yield i\n"
    )
    generator = shop.steps()
    for _ in range(4):
        thread = threading.Thread(target=next, args=(generator,))
        thread.start()
        thread.join()
        time.sleep(0.1)
    assert list(generator) == []
    assert 0.04 <= row("steps")[TIME] < 0.3


def test_cancelling_reaches_what_waits(load):
    """
    A task that is cancelled in the middle of a chain ends there, in order.
    """
    shop = load(
        "import asyncio\nseen = []\n"
        "async def inner():\n    try:\n        await asyncio.sleep(9)\n"
        "    except asyncio.CancelledError:\n        seen.append('inner')\n        raise\n"
        "async def outer():\n    try:\n        await inner()\n"
        "    finally:\n        seen.append('outer')\n"
    )

    async def main():
        task = asyncio.create_task(shop.outer())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert shop.seen == ["inner", "outer"]
    assert [errors(name) for name in ("inner", "outer")] == [{}, {}]


def test_threads_lose_no_call(load):
    """
    Four threads that call at once are counted to the last call, without a lock.
    """
    shop = load("def tick():\n    pass\ndef fail():\n    raise KeyError\n")
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def hammer():
        for _ in range(20_000):
            shop.tick()
            try:
                shop.fail()
            except KeyError:
                pass

    try:
        threads = [threading.Thread(target=hammer) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert calls("tick") == calls("fail") == 80_000
    assert errors("fail") == {"KeyError": 80_000}


def test_no_instrument(load):
    """
    What stands below `@no_instrument` is left as it is: functions, classes, what they define.
    """
    shop = load(
        "import aiprov_otel\nfrom aiprov_otel import no_instrument\n"
        "@no_instrument\ndef a():\n    def nested(): pass\n    return nested()\n"
        "@aiprov_otel.no_instrument\nclass B:\n    def method(self): pass\n"
        "def c(): pass\n"
    )
    shop.a(), shop.B().method(), shop.c()
    assert [function.qualname for function in REGISTRY] == ["c"]


def test_no_instrument_returns_what_it_is_given():
    """
    Without a hook the decorator does nothing.
    """
    thing = object()
    assert aiprov_otel.no_instrument(thing) is thing


def test_uninstall_is_a_pass_through(application, load):
    """
    Functions of a hook that is undone run on, and count nowhere; a new hook takes them up again.
    """
    shop = load("def tick():\n    return 1\n")
    shop.tick()
    aiprov_otel.install_import_hook("other").uninstall()
    shop.tick()
    from aiprov_otel.runtime.import_hook.finder import PLAN
    from aiprov_otel.runtime.import_hook.handle import ImportHook

    ImportHook(tuple(PLAN)).uninstall()
    assert shop.tick() == 1
    assert calls("tick") == 2
    aiprov_otel.install_import_hook("shop", mode="metrics")
    shop.tick()
    assert calls("tick") == 3


def test_two_functions_of_one_name_on_one_line(load):
    """
    They are two, and none is lost.
    """
    shop = load("a = lambda: 1; b = [a]; a = lambda: 2; b.append(a)\n")
    assert [each() for each in shop.b] == [1, 2]
    assert [function.row[CALLS] for function in REGISTRY] == [1, 1]


def test_memory_stays_flat(load):
    """
    A hundred thousand calls, and a thousand functions that live for one call, leave nothing behind.
    """
    import tracemalloc

    shop = load(
        "def make():\n    def nested(x):\n        return x\n    return nested\n"
        "def many(number):\n    for _ in range(number):\n        tick()\n"
        "def tick():\n    pass\n"
        "def fail():\n    raise KeyError\n"
        "def steps():\n    yield 1\n    yield 2\n"
    )

    def rounds(number):
        for _ in range(number):
            shop.make()(1)
            list(shop.steps())
            try:
                shop.fail()
            except KeyError:
                pass
        shop.many(100 * number)

    rounds(100)
    gc.collect()
    tracemalloc.start()
    try:
        rounds(100)
        before = tracemalloc.get_traced_memory()[0]
        rounds(1_000)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 5_000
    finally:
        tracemalloc.stop()
    assert calls("tick") == 120_000
    assert len(list(REGISTRY)) == 6


def test_a_function_that_was_not_called_has_nothing(load):
    """
    Loading a module makes nothing for its functions.
    """
    shop = load(KINDS)
    assert not list(REGISTRY)
    shop.plain(1)
    assert [function.qualname for function in REGISTRY] == ["plain"]


def test_a_metaclass_that_knows_every_name(load):
    """
    What a class body looks up is not asked of us, nor is its metaclass asked for a name of ours.
    """
    shop = load(
        "class Names(dict):\n    def __missing__(self, name):\n"
        "        if name == 'KeyError':\n            raise KeyError\n        return name\n"
        "class Meta(type):\n    def __prepare__(*given):\n        return Names()\n"
        "class Cart(metaclass=Meta):\n    'Documented.'\n    try:\n        found = {}['x']\n"
        "    except KeyError:\n        found = 1\n"
    )
    assert (shop.Cart.found, shop.Cart.__doc__) == (1, "Documented.")


def test_classes_made_at_run_time_are_let_go(load):
    """
    However many there are, the table of errors is bounded, counts each, and keeps none alive.
    """
    shop = load("def fail(error):\n    raise error\n")
    made = []
    for number in range(3 * NAMED_ERRORS):
        kind = type(f"E{number % (2 * NAMED_ERRORS)}", (Exception,), {})
        made.append(ref(kind))
        with pytest.raises(kind):
            shop.fail(kind())
    del kind
    gc.collect()
    assert not any(each() for each in made)
    counted = errors("fail")
    assert (len(counted), sum(counted.values())) == (NAMED_ERRORS + 1, 3 * NAMED_ERRORS)
    assert counted[f"{__name__}.E0"] == 2
