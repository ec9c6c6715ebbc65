"""Exceptions that an `except` of the application handled for good, and those that it did not."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import weakref

import pytest

import aiprov_otel
from aiprov_otel.runtime import metrics
from aiprov_otel.runtime.exception_state import first_met
from aiprov_otel.runtime.import_hook import swallowed


@pytest.fixture(autouse=True)
def nothing_counted():
    """Each test counts from zero."""
    swallowed._tallies.clear()
    swallowed._sent.clear()
    swallowed._lines = None


@pytest.fixture
def load(application):
    """A module of this text, imported under the hook in `metrics` mode or another."""

    def loaded(text, *, mode="metrics"):
        application.write("shop/handling.py", text)
        application.install()
        aiprov_otel.install_import_hook("shop", mode=mode)
        return application.module("shop.handling")

    return loaded


def counted():
    """How many were handled, by origin and type."""
    found = {(o, kind): tally.number for (o, _, kind), tally in swallowed._tallies.items()}
    return {key: number for key, number in found.items() if number}


def handler(body, kind="KeyError", first="{}[0]", after=""):
    """A function with a handler, as text."""
    lines = "".join(f"        {line}\n" for line in body.split("\n"))
    return f"def f(a=None):\n    try:\n        {first}\n    except {kind} as e:\n{lines}{after}"


ONE = {("ai", "KeyError"): 1}


@pytest.mark.parametrize("mode", ["metrics", "spans"])
@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "return",
        "return 5",
        "return len('x')",
        "del e",
        "if a: return 1",
        "if not a: return 1",
        "if a: raise\nelse: pass",
        "if a:\n    if a: pass",
        "for i in (1, 2):\n    if i == 2: break",
        "for i in (1, 2):\n    return i",
        "while not a:\n    a = 1",
        "while True:\n    break",
        "with contextlib.nullcontext(): return 1",
        "with contextlib.suppress(KeyError): raise KeyError",
        "match a:\n    case 1: pass",
        "match a:\n    case None: return 1",
        "match a:\n    case x: pass",
        "try: pass\nfinally: a = 1",
        "try: return 1\nfinally: a = 1",
        "try: pass\nexcept OSError: pass",
        "assert not a",
        "def g(): raise ValueError\nreturn g",
        "class A: pass",
        "lambda: 1",
        "global b; b = e",
    ],
)
def test_a_handler_that_is_left_counts_once(load, body, mode):
    """
    By whatever way: at its end, by `return`, out of a block in it.
    """
    load("import contextlib\n" + handler(body), mode=mode).f()

    assert counted() == ONE


@pytest.mark.parametrize(
    "body",
    [
        "raise",
        "raise e",
        "raise ValueError",
        "raise ValueError from e",
        "raise ValueError from None",
        "return missing",
        "return 1 / 0",
        "if not a: raise\nreturn",
        "with contextlib.nullcontext(): raise",
        "try: raise\nfinally: a = 1",
        "for i in missing: pass",
        "while True: raise",
        "assert a",
        "e.with_traceback(None); raise",
    ],
)
def test_an_exception_that_leaves_a_handler_does_not_count(load, body):
    """
    Whether it is the same again, another from it, or one by accident.
    """
    shop = load("import contextlib\n" + handler(body))
    with pytest.raises(Exception):  # noqa: B017 (of whatever kind)
        shop.f()

    assert counted() == {}


@pytest.mark.parametrize(
    "raised",
    [
        "StopIteration",
        "StopAsyncIteration",
        "GeneratorExit",
        "KeyboardInterrupt",
        "SystemExit",
        "asyncio.CancelledError",
        "concurrent.futures.CancelledError",
    ],
)
def test_what_ends_in_order_is_not_counted(load, raised):
    """
    The end of an iterator, and what was called off, are no failures.
    """
    first = f"raise {raised}"
    text = "import asyncio, concurrent.futures\n" + handler("pass", "BaseException", first)
    load(text).f()

    assert counted() == {}


def test_what_a_module_asks_is_not_counted(load):
    """
    `except ImportError` in its own body asks what is installed; in a function, it swallows.
    """
    shop = load(
        "try:\n    import none\nexcept ImportError:\n    none = None\n"
        "try:\n    [][1]\nexcept IndexError:\n    none = None\n"
        "def f():\n    try:\n        import none\n    except ImportError:\n        return None\n"
    )
    assert counted() == {("ai", "IndexError"): 1}
    shop.f()
    assert counted() == {("ai", "IndexError"): 1, ("ai", "ModuleNotFoundError"): 1}


def test_handlers_of_modules_and_classes(load):
    """
    They count as those of functions do, `continue` and `break` among them.
    """
    load(
        "for i in range(3):\n    try:\n        {}[i]\n    except KeyError:\n"
        "        if i: continue\n"
        "class A:\n    for i in range(9):\n        try:\n            [][i]\n"
        "        except IndexError:\n            break\n"
        "    def method(self):\n        try:\n            raise OSError\n"
        "        except OSError: return 1\n"
    ).A().method()
    assert counted() == {
        ("ai", "KeyError"): 3,
        ("ai", "IndexError"): 1,
        ("ai", "OSError"): 1,
    }


NESTED = """
def both(a):
    try:
        {}[0]
    except KeyError:
        try:
            1 / 0
        except ZeroDivisionError:
            if a:
                return a
            a = 1

def outer_only(a):
    try:
        {}[0]
    except KeyError:
        try:
            1 / 0
        except ZeroDivisionError:
            raise

def through(a):
    for each in (1, 2):
        try:
            {}[0]
        except KeyError:
            try:
                deeper()
            except OSError:
                try:
                    [][0]
                except IndexError:
                    continue

def deeper():
    try:
        raise LookupError
    except LookupError:
        raise OSError
"""


@pytest.mark.parametrize("a", [0, 1])
def test_a_way_out_of_two_handlers_handles_both(load, a):
    """
    At the end of both, or by one `return`.
    """
    load(NESTED).both(a)

    assert counted() == {("ai", "KeyError"): 1, ("ai", "ZeroDivisionError"): 1}


def test_a_way_out_of_three_handlers(load):
    """
    Each counts what it handled, and not what was raised and replaced below.
    """
    load(NESTED).through(1)

    assert counted() == {("ai", "KeyError"): 2, ("ai", "OSError"): 2, ("ai", "IndexError"): 2}


def test_what_an_inner_handler_raises_again_leaves_both(load):
    """
    So neither has handled anything.
    """
    with pytest.raises(ZeroDivisionError):
        load(NESTED).outer_only(0)

    assert counted() == {}


SUSPENDED = """
import asyncio

def generator():
    try:
        {}[0]
    except KeyError:
        yield 1
        return 2

async def coroutine():
    try:
        await asyncio.wait_for(asyncio.sleep(9), 0)
    except TimeoutError:
        return await asyncio.sleep(0, 3)

async def asynchronous():
    while True:
        try:
            {}[0]
        except KeyError:
            yield 4
            break
"""


def test_a_handler_that_yields_counts_when_it_is_left(load):
    """
    Not before; and not at all when the generator is closed in it.
    """
    shop = load(SUSPENDED)
    closed, ended = shop.generator(), shop.generator()
    next(closed), next(ended)
    closed.close()
    assert counted() == {}
    assert next(ended, None) is None
    assert counted() == ONE


def test_coroutines_and_async_generators(load):
    """
    What they handle counts as in any function.
    """
    shop = load(SUSPENDED)

    async def all_of_it():
        return await shop.coroutine(), [each async for each in shop.asynchronous()]

    assert asyncio.run(all_of_it()) == (3, [4])
    assert counted() == {("ai", "TimeoutError"): 1, **ONE}


def test_members_of_a_group_count_one_by_one(load):
    """
    `except*` takes members out of a group; each was raised by a line of its own.
    """
    shop = load(
        "def f(found):\n    try:\n        raise ExceptionGroup('', found)\n"
        "    except* (KeyError, OSError):\n        pass\n    except* TypeError:\n        pass\n"
    )
    with pytest.raises(ExceptionGroup) as left:
        shop.f([KeyError(), ExceptionGroup("", [OSError(), OSError()]), ValueError()])
    assert [type(each) for each in left.value.exceptions] == [ValueError]
    assert counted() == {("ai", "KeyError"): 1, ("ai", "OSError"): 2}


def test_a_naked_exception_in_an_except_star(load):
    """
    Python makes a group of it; it is the one that was raised.
    """
    load("def f():\n    try:\n        {}[0]\n    except* KeyError:\n        pass\n").f()

    assert counted() == ONE


def test_a_group_that_is_handled_whole_is_one(load):
    """
    `except ExceptionGroup` handles one object, of that class.
    """
    load(handler("pass", "ExceptionGroup", "raise ExceptionGroup('', [KeyError(), OSError()])")).f()

    assert counted() == {("ai", "ExceptionGroup"): 1}


def test_the_line_that_raised_is_whose_it_is(load):
    """
    Not the line that handles it; and behind a library, the line of ours that called it.
    """
    shop = load(
        "import json\n"
        "def check():\n    raise KeyError  # human\n"
        "def f():\n    try:\n        check()\n    except KeyError:\n        pass\n"
        "def g():\n    try:\n        json.loads('')  # human\n"
        "    except ValueError:\n        pass\n"
    )
    for _ in range(3):
        shop.f(), shop.g()
    assert counted() == {("human", "KeyError"): 3, ("human", "json.decoder.JSONDecodeError"): 3}


def test_an_error_of_a_library_that_calls_us_is_not_ours(load):
    """
    One without a line of the application is `unknown`.
    """
    shop = load("def f(e):\n    try:\n        raise e.with_traceback(None)\n    except KeyError:\n"
                "        e.__traceback__ = None\n")  # fmt: skip
    shop.f(KeyError())

    assert counted() == {("unknown", "KeyError"): 1}


def test_what_is_handled_again_counts_once(load):
    """
    One object, however many handlers it is handed to.
    """
    shop = load(
        "def f(e):\n    for _ in range(3):\n        try:\n            raise e\n"
        "        except KeyError:\n            pass\n"
    )
    shop.f(KeyError())

    assert counted() == ONE


def test_what_a_span_recorded_is_counted_there(application, load):
    """
    It was counted, and is not again when its handler is left.
    """
    shop = load(handler("a.record_exception(e)"))
    with application.tracer.start_as_current_span("s") as span:
        shop.f(span)

    assert counted() == {}


def test_what_is_raised_after_all_was_not_handled(load):
    """
    A handler that keeps an exception for later has it taken back when it fails something.
    """
    shop = load(
        "def f():\n    for _ in range(3):\n        try:\n            {}[0]\n"
        "        except KeyError as e:\n            last = e\n    raise last\n"
    )
    with pytest.raises(KeyError) as raised:
        shop.f()
    assert counted() == {("ai", "KeyError"): 3}
    assert first_met(raised.value)
    assert not first_met(raised.value)
    assert counted() == {("ai", "KeyError"): 2}


@pytest.mark.parametrize("mode", ["annotate", "count"])
def test_other_modes_count_none(load, mode):
    """
    Only `metrics` and `spans` look at handlers.
    """
    load(handler("pass"), mode=mode).f()

    assert counted() == {}


@pytest.mark.parametrize(
    "text",
    [
        "from aiprov_otel import no_instrument\n@no_instrument\n" + handler("pass"),
        handler("pass", after="    locals()\n"),
        handler("pass", "KeyError", "with __import__('contextlib').suppress(KeyError): {}[0]"),
        handler("pass", "OSError", "pass\n    finally: pass\n    try: pass"),
    ],
)
def test_what_is_left_alone(load, text):
    """
    What stands below `@no_instrument`, what sees its own names, and what is no `except`.
    """
    load(text).f()

    assert counted() == {}


def test_uninstall_ends_it(application):
    """
    Code that was rewritten runs on, and counts nothing; under a new hook it does again.
    """
    application.write("shop.py", handler("pass"))
    application.install()
    with aiprov_otel.install_import_hook("shop", mode="metrics"):
        shop = application.module("shop")
        shop.f()
    shop.f()
    assert counted() == ONE
    with aiprov_otel.install_import_hook("shop", mode="metrics"):
        shop.f()
    assert counted() == {("ai", "KeyError"): 2}


def test_threads_lose_none(load):
    """
    Four threads that handle at once, and one exception that they share.
    """
    shop = load(handler("pass") + handler("pass", first="raise a").replace("def f", "def g"))
    shared, interval = KeyError("shared"), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work():
        for number in range(2_000):
            shop.f()
            if number % 20 == 0:  # its traceback grows with each time
                shop.g(shared)

    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert counted() == {("ai", "KeyError"): 8_001}


def test_nothing_stays_alive(load):
    """
    Not the exception, nor its frames, nor what these hold.
    """

    class Thing:
        pass

    shop = load(handler("return 1", first="a = [a]; {}[0]"))
    thing = Thing()
    known = weakref.ref(thing)
    shop.f(thing)
    del thing
    gc.collect()
    assert known() is None
    assert counted() == ONE


def test_a_full_stack_is_no_obstacle(load):
    """
    A handler of `RecursionError` that has no room for a call of ours does what it did.
    """
    shop = load(
        "def f(n=0):\n    try:\n        return f(n + 1)\n    except RecursionError:\n"
        "        return n\n"
    )
    gc.disable()  # a finalizer that has no stack left is an error of its own
    try:
        assert shop.f() > 100
    finally:
        gc.enable()


def test_a_long_chain_of_conditions(load):
    """
    Hundreds of branches are no nesting.
    """
    branches = "".join(f"elif a == {n}:\n    a = {n + 1}\n" for n in range(1, 500))
    shop = load(handler(f"if a == 0:\n    a = 1\n{branches.rstrip()}"))
    shop.f(499), shop.f()
    assert counted() == {("ai", "KeyError"): 2}


def test_code_without_end_fills_no_memory(load, monkeypatch):
    """
    What is known of a line is forgotten after so many, and the numbers stay.
    """
    monkeypatch.setattr(swallowed, "_LINES", 3)
    shop = load(handler("pass", first="a()"))
    for _ in range(10):
        names = {}
        exec("def g():\n    raise KeyError\n", names)
        shop.f(names["g"])
    assert len(swallowed._lines._known) <= 3
    assert len(swallowed._lines._ours) <= 3
    assert counted() == {("ai", "KeyError"): 10}


def test_kinds_without_end_are_one_in_the_end(load):
    """
    Classes that are made at run time fill no memory: beyond a limit they are `_OTHER`.
    """
    shop = load(handler("pass", "Exception", "raise a"))
    for number in range(metrics.LIMIT + 20):
        shop.f(type(f"E{number}", (Exception,), {})())
    assert len(counted()) == metrics.LIMIT + 1
    assert counted()["ai", "_OTHER"] == 20


def test_classes_made_at_run_time_are_let_go(load):
    """
    What is known of a class that a handler swallowed does not keep the class.
    """
    shop = load("def f(kind):\n    try:\n        raise kind\n    except Exception:\n        pass\n")
    kinds = [type(f"E{number}", (Exception,), {}) for number in range(100)]
    made = [weakref.ref(kind) for kind in kinds]
    for kind in kinds:
        shop.f(kind)
    assert sum(counted().values()) == 100
    kinds.clear()
    del kind
    gc.collect()
    assert not any(each() for each in made)
