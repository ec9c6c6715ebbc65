"""Whatever ends a function early reaches it under the import hook: it cleans up as without us."""

from __future__ import annotations

import json
import sys

import pytest

from support.application import Application, run

WORK = """
ends = []


def step(number):
    return inner(number) + 1


def inner(number):
    return number * 2


def busy():
    number = 0
    try:
        while True:
            number = step(number) % 1000
    except BaseException as error:
        ends.append(type(error).__name__)
        raise
    finally:
        ends.append("finally")


async def leaf(sleep):
    await sleep(3600)


async def waits(sleep):
    try:
        await leaf(sleep)
    except BaseException as error:
        ends.append(type(error).__name__)
        raise
    finally:
        ends.append("finally")


def switches(parent):
    try:
        deeper(parent)
    except BaseException as error:
        ends.append(type(error).__name__)
        raise
    finally:
        ends.append("finally")


def deeper(parent):
    parent.switch()
"""
PROGRAM = """
import sys
if sys.argv[1] != "none":
    import aiprov_otel
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    trace.set_tracer_provider(TracerProvider())
    aiprov_otel.install()
    aiprov_otel.install_import_hook("shop", mode=sys.argv[1])
import ctypes, json, threading, time
import anyio, greenlet
from shop import work

async def cancelled():
    with anyio.move_on_after(0.005) as scope:
        await work.waits(anyio.sleep)
    assert scope.cancelled_caught

class Stop(Exception):
    pass

threading.excepthook = lambda _: None
for _ in range(5):
    anyio.run(cancelled)
for ending in (lambda one: one.throw(greenlet.GreenletExit), lambda one: None):
    one = greenlet.greenlet(work.switches)
    one.switch(greenlet.getcurrent())
    ending(one)
    del one  # which kills it
for error in (Stop, KeyboardInterrupt, SystemExit):
    for _ in range(5):
        thread = threading.Thread(target=work.busy, daemon=True)
        thread.start()
        time.sleep(0.005)
        raised = ctypes.pythonapi.PyThreadState_SetAsyncExc
        assert raised(ctypes.c_ulong(thread.ident), ctypes.py_object(error)) == 1
        thread.join(60)
        assert not thread.is_alive(), error
print(json.dumps(work.ends))
"""


def ends(folder, mode):
    application = Application(folder)
    application.write("shop/__init__.py", "")
    application.write("shop/work.py", WORK)
    application.manifest()
    return json.loads(run("", application.folder, sys.executable, "-c", PROGRAM, mode))


@pytest.mark.parametrize("mode", ["metrics", "spans"])
def test_what_ends_a_function_reaches_it(tmp_path, mode):
    """A task that is cancelled, a greenlet that is killed, an exception set from another thread."""
    pytest.importorskip("greenlet")
    pytest.importorskip("anyio")
    kinds = ("CancelledError", "Stop", "KeyboardInterrupt", "SystemExit")
    expected = [end for kind in kinds for end in (kind, "finally") * 5]
    expected[10:10] = ["GreenletExit", "finally"] * 2

    assert ends(tmp_path, mode) == expected
