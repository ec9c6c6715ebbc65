"""`metrics` and `count`: every kind of function counts, and time is where it was spent."""

from __future__ import annotations

import asyncio
import gc
import importlib
import importlib.util
import sys
import threading
import time
from pathlib import Path

import pytest

import aiprov_otel
from aiprov_otel.runtime.hook.slots import CALLS, ERRORS, SELF_TIME, SLOTS, TIME
from support.application import process, run


@pytest.fixture
def load(application):
    """A module of this text, imported under the hook in `metrics` mode or another."""

    def loaded(text, *, mode="metrics", name="shop.kinds", **options):
        application.install()
        aiprov_otel.install_import_hook("shop", mode=mode, **options)
        return application.module(name, text)

    return loaded


@pytest.fixture(autouse=True)
def no_slots():
    """Each test has slots of its own."""
    SLOTS._modules.clear()
    SLOTS._names.clear()


def slot(qualname):
    """The one function of that name."""
    (found,) = [each for each in SLOTS if each.qualname == qualname]
    return found


def counts(qualname):
    """What was counted of it."""
    return slot(qualname).counts


def errors(qualname):
    """Its calls that failed."""
    return slot(qualname).errors


def calls(qualname):
    """How many calls of it ended."""
    return counts(qualname)[CALLS]


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

    found = {slot.qualname: slot.counts[CALLS] for slot in SLOTS}
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
    assert (counts("plain")[:ERRORS], errors("plain")) == ([1, 0, 0], {})
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
    assert [counts(name)[TIME] > 0 for name in "abcdef"] == [False] * 5 + [True]


@pytest.mark.parametrize(
    ("raised", "counted"),
    [
        ("ValueError()", {ValueError: 1}),
        ("GeneratorExit()", {}),
        ("asyncio.CancelledError()", {}),
        ("KeyboardInterrupt()", {}),
        ("SystemExit()", {}),
        ("ExceptionGroup('', [ValueError()])", {ExceptionGroup: 1}),
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
    outer, inner = counts("outer"), counts("inner")
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
    assert counts("inner")[TIME] >= 0.1
    assert counts("outer")[SELF_TIME] < 0.05


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
    spent = counts("spend")[TIME]
    assert spent >= 0.09
    assert spent <= counts("work")[TIME] < spent + 0.1
    assert counts("work")[SELF_TIME] < 0.1
    assert counts("both")[TIME] < 0.1


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
    assert counts(function)[TIME] < 0.1


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
    leaf, stem, consume = counts("leaf"), counts("stem"), counts("consume")
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
    assert (calls(name), errors(name)) == (2, {OSError: 1})


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
    assert 0.04 <= counts("steps")[TIME] < 0.3


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
    assert errors("fail") == {KeyError: 80_000}


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
    assert [slot.qualname for slot in SLOTS] == ["c"]


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
    from aiprov_otel.runtime.hook.finder import PLAN
    from aiprov_otel.runtime.hook.handle import ImportHook

    ImportHook(tuple(PLAN)).uninstall()
    assert shop.tick() == 1
    assert calls("tick") == 2
    aiprov_otel.install_import_hook("shop", mode="metrics")
    shop.tick()
    assert calls("tick") == 3


def test_a_reload_counts_on(application, load):
    """
    A module that is loaded again from the same text has the same slots; from another, new ones.
    """
    shop = load("def tick():\n    pass\n")
    shop.tick()
    importlib.reload(shop).tick()
    assert calls("tick") == 2
    application.place("shop/kinds.py", "x = 1\ndef tick():\n    pass\n")
    importlib.reload(shop).tick()
    assert sorted(slot.counts[CALLS] for slot in SLOTS) == [1, 2]


def test_two_functions_of_one_name_on_one_line(load):
    """
    They are two, and none is lost.
    """
    shop = load("a = lambda: 1; b = [a]; a = lambda: 2; b.append(a)\n")
    assert [each() for each in shop.b] == [1, 2]
    assert [slot.counts[CALLS] for slot in SLOTS] == [1, 1]


def test_what_cannot_be_rewritten_is_imported_as_it_is(load, caplog, monkeypatch):
    """
    A file that our block is too much for runs, and one line says so.
    """
    monkeypatch.delenv("AIPROV_STRICT")

    def nested(depth):
        loops = "".join(f"{' ' * (n + 1)}for x{n} in (1,):\n" for n in range(depth))
        return f"def deep():\n{loops}{' ' * (depth + 1)}return x0\n"

    shop = load(next(nested(depth) for depth in range(30, 0, -1) if compiles(nested(depth))))
    assert shop.deep() == 1
    (said,) = [each for each in caplog.messages if "not-rewritten" in each]
    assert said.startswith("shop.kinds runs as it is: too many statically nested blocks")


def compiles(text):
    """Whether Python takes *text*."""
    try:
        return compile(text, "deep", "exec")
    except SyntaxError:
        return None


def test_a_mistake_in_a_module_is_python_s_to_tell(application):
    """
    A syntax error has the traceback that it has without us, and no line of ours is logged.
    """
    application.place("shop/__init__.py", "")
    application.place("shop/wrong.py", "def f():\n    return 1 +\n")
    application.manifest()
    hook = "import aiprov_otel; aiprov_otel.install_import_hook('shop', mode='metrics')\n"
    told = [
        process(f"{first}\nimport shop.wrong", application.folder).stderr for first in ("\n", hook)
    ]
    assert told[0] == told[1]
    assert "invalid syntax" in told[0]


def test_the_cache(application):
    """
    Instrumented bytecode is kept under a name of its own, and is good for one text and one mode;
    Python's own cache has nothing of it.
    """
    path = application.write("shop.py", "def f():\n    return 1\n")
    application.manifest()
    asked = """
import sys, ast
parsed = []
parse = ast.parse
ast.parse = lambda text, *given: parsed.append(text) or parse(text, *given)
import aiprov_otel
aiprov_otel.install_import_hook("shop", mode=sys.argv[1])
import shop
from aiprov_otel.runtime.hook.slots import SLOTS
print(shop.f(), [slot.counts[0] for slot in SLOTS], any('def f' in str(text) for text in parsed))
"""

    def told(mode):
        code = f"import sys; sys.argv = ['', {mode!r}]\n{asked}"
        return run(code, application.folder, PYTHONDONTWRITEBYTECODE="")

    assert told("metrics") == "1 [1] True\n"
    assert told("metrics") == "1 [1] False\n"
    assert told("count") == "1 [1] True\n"
    names = sorted(each.name for each in (application.folder / "__pycache__").iterdir())
    ours = [each for each in names if "aiprov" in each]
    assert len(ours) == 2
    assert names == ours
    application.place("shop.py", "def f():\n    return 22\n")
    assert told("metrics") == "22 [1] True\n"
    assert run("import shop; print(shop.f.__code__.co_varnames)", application.folder) == "()\n"
    for each in (application.folder / "__pycache__").iterdir():
        each.write_bytes(each.read_bytes()[:40])
    assert told("metrics") == "22 [1] True\n"
    assert path.exists()


def test_provenance_is_not_in_the_cache(application):
    """
    The same bytecode serves under another manifest.
    """
    application.write("shop.py", "def f():\n    return 1\n")
    application.manifest()
    asked = """
import aiprov_otel
aiprov_otel.install_import_hook("shop", mode="metrics")
import shop
print(aiprov_otel.provenance_of(shop.f).origin)
"""
    assert run(asked, application.folder, PYTHONDONTWRITEBYTECODE="") == "ai\n"
    for kept in (application.folder / "__pycache__").iterdir():
        assert b"claude" not in kept.read_bytes()


def test_nothing_is_written_where_nothing_may_be(application, monkeypatch):
    """
    A folder that can't be written to, and `PYTHONDONTWRITEBYTECODE`, are no obstacle.
    """
    application.write("shop.py", "def f():\n    return 1\n")
    application.manifest()
    (application.folder / "__pycache__").write_text("no folder")
    asked = (
        "import aiprov_otel; aiprov_otel.install_import_hook('shop', mode='metrics')\n"
        "import shop; print(shop.f())"
    )
    assert run(asked, application.folder, PYTHONDONTWRITEBYTECODE="") == "1\n"
    (application.folder / "__pycache__").unlink()
    assert run(asked, application.folder, PYTHONDONTWRITEBYTECODE="1") == "1\n"
    assert not (application.folder / "__pycache__").exists()


def test_a_zip_is_rewritten_too(application):
    """
    Functions of a module inside a zip count.
    """
    import zipfile

    with zipfile.ZipFile(application.folder / "app.zip", "w") as archive:
        archive.writestr("shop.py", "def f():\n    return 1\n")
    application.manifest()
    asked = """
import sys
sys.path.insert(0, "app.zip")
import aiprov_otel
aiprov_otel.install_import_hook("shop", mode="metrics")
import shop
from aiprov_otel.runtime.hook.slots import SLOTS
print(shop.f(), [slot.counts[0] for slot in SLOTS])
"""
    assert run(asked, application.folder) == "1 [1]\n"


def test_a_loader_of_its_own_kind_is_left_alone(application, caplog, monkeypatch):
    """
    A loader that makes its code in a way of its own does so, and one line says so.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    place = application.place("shop.py", "def f():\n    return 1\n")

    class Odd:
        def create_module(self, spec):
            return None

        def get_code(self, name):
            return compile(Path(place).read_text(), str(place), "exec")

        def exec_module(self, module):
            exec(self.get_code(module.__name__), vars(module))

    class Oddly:
        @staticmethod
        def find_spec(name, path=None, target=None):
            return (
                importlib.util.spec_from_file_location(name, place, loader=Odd())
                if name == "shop"
                else None
            )

    application.install()
    sys.meta_path.insert(0, Oddly)
    aiprov_otel.install_import_hook("shop", mode="metrics")
    assert application.module("shop").f() == 1
    assert not list(SLOTS)
    assert "A Odd loads modules in a way of its own" in caplog.text


def test_memory_stays_flat(load):
    """
    A million calls, and ten thousand functions that live for one call, leave nothing behind.
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
        rounds(10_000)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 5_000
    finally:
        tracemalloc.stop()
    assert calls("tick") == 1_020_000
    assert len(list(SLOTS)) == 6


def test_a_function_that_was_not_called_has_nothing(load):
    """
    Loading a module makes nothing for its functions.
    """
    shop = load(KINDS)
    assert not list(SLOTS)
    shop.plain(1)
    assert [slot.qualname for slot in SLOTS] == ["plain"]


def test_code_that_is_sent_elsewhere_runs_there(application):
    """
    A function that was pickled by value runs in a process that has no hook, and counts nowhere.
    """
    application.write(
        "shop.py",
        "def make():\n    def nested(x):\n        return x + 1\n"
        "    async def later(x):\n        return nested(x)\n    return nested, later\n",
    )
    application.manifest()
    asked = "import cloudpickle, shop; print(cloudpickle.dumps(shop.make()).hex())"
    hook = "import aiprov_otel; aiprov_otel.install_import_hook('shop', mode={!r})\n"
    told = "import asyncio, pickle; one, other = pickle.loads(bytes.fromhex({!r}))\n"
    for mode in ("count", "metrics", "spans"):
        sent = run(hook.format(mode) + asked, application.folder).strip()
        made = told.format(sent) + "print(one(1), one(2), asyncio.run(other(3)))"
        assert run(made, application.folder) == "2 3 4\n"


def test_a_cache_that_was_moved(application):
    """
    Bytecode that was moved with its source is made anew, since it says where its source is.
    """
    application.write("one/shop.py", "def f():\n    return 1\n")
    application.manifest()
    asked = (
        "import sys; sys.path.insert(0, {!r})\nimport aiprov_otel\n"
        "aiprov_otel.install_import_hook('shop', mode='metrics')\n"
        "import shop; print(shop.f(), shop.f.__code__.co_filename)"
    )
    for name in ("one", "other"):
        told = run(asked.format(name), application.folder, PYTHONDONTWRITEBYTECODE="")
        assert told == f"1 {application.folder / name / 'shop.py'}\n"
        (application.folder / name).rename(application.folder / "other")


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
