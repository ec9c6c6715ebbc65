"""Without memory, an exception leaves rewritten functions as it leaves others."""

from __future__ import annotations

import dis
import sys

import pytest

from support.application import process, run
from support.command import UNMEASURED

HUNGRY = """\
try:
    import _testcapi
except ImportError:
    _testcapi = None

KEPT = []

def exhaust():
    _testcapi.set_nomemory(0)
    return 1.5 * len("abc")

def fill():
    KEPT[:], number = [None] * 1_000_000, 0
    while True:
        KEPT[number] = number * 1.5
        number += 1

def middle(end):
    total = 0
    for number in range(3):
        total += number
    try:
        end()
    finally:
        total += 1
    return total

def plain(end):
    return middle(end)

def handles(end):
    try:
        return middle(end)
    except OSError as error:
        return error

def steps(end):
    yield 1
    yield middle(end)

def generator(end):
    return list(steps(end))

async def later(end):
    return [step for step in steps(end)]

async def awaits(end):
    return await later(end)

async def asynchronous(end):
    yield await later(end)

def coroutine(end):
    awaits(end).send(None)

def asynchronous_generator(end):
    asynchronous(end).asend(None).send(None)
"""
KINDS = ["plain", "handles", "generator", "coroutine", "asynchronous_generator"]
HOOKED = """
import contextlib, resource, sys
import aiprov_otel
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
trace.set_tracer_provider(TracerProvider(shutdown_on_exit=False))
aiprov_otel.install_import_hook("hungry", mode={mode!r})
import hungry
for kind in {kinds}:
    with contextlib.suppress(StopIteration):
        getattr(hungry, kind)(int)  # what a process makes once is there
"""
WITHOUT = """
for kind in {kinds}:
    try:
        getattr(hungry, kind)(hungry.exhaust)
    except MemoryError:
        hungry._testcapi.remove_mem_hooks()
        print(kind)
"""
LIMITED = """
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (24 << 20),) * 2)
hungry.plain(hungry.fill)
"""


@pytest.mark.parametrize("mode", ["count", "metrics", "spans"])
def test_a_memory_error_passes_where_no_memory_is_left(application, mode):
    """
    From the first allocation that fails on, none succeeds: the error still arrives, in every kind.
    """
    pytest.importorskip("_testcapi", reason="this Python has no way to fail allocations")
    application.write("hungry.py", HUNGRY)
    application.manifest()
    code = (HOOKED + WITHOUT).format(mode=mode, kinds=KINDS)

    assert run(code, application.folder, **UNMEASURED).split() == KINDS


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc to set a limit")
@pytest.mark.parametrize("attempt", range(3))
def test_a_process_at_its_limit_ends(application, attempt):
    """
    A process that has used up its memory ends with the status that it has without us.
    """
    application.write("hungry.py", HUNGRY)
    application.manifest()
    code = (HOOKED + LIMITED).format(mode="spans", kinds=KINDS)

    assert process(code, application.folder).returncode == 1


def test_no_cleanup_notes_an_offset(load):
    """
    Of rewritten functions, only `with` blocks of the application do.
    """
    shop = load(HUNGRY, mode="spans")
    for kind in [*KINDS, "middle", "steps", "awaits", "asynchronous"]:
        entries = dis.Bytecode(getattr(shop, kind)).exception_entries
        assert entries
        assert not [entry for entry in entries if entry.lasti], kind
