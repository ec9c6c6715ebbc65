"""Programs see nothing of the hook, of whatever the language and its library have for them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import aiprov_otel
from support.application import run
from support.programs import REWRITING, answers, names, twice

PROGRAMS = Path(__file__).with_name("programs")


@pytest.mark.parametrize("mode", REWRITING)
@pytest.mark.parametrize("name", names(PROGRAMS))
def test_a_program_sees_nothing_of_it(tmp_path, name, mode):
    """
    All that a program finds out about itself is what it finds without the hook.
    """
    bare, ours = answers(PROGRAMS / f"{name}.py", tmp_path, mode)

    assert ours == bare


LIBRARIES = PROGRAMS / "libraries"


@pytest.mark.parametrize("mode", REWRITING)
@pytest.mark.parametrize("name", names(LIBRARIES))
def test_a_library_sees_nothing_of_it(tmp_path, name, mode):
    """
    Models, mappings, routes and commands that a library makes of functions are the same.
    """
    pytest.importorskip(name)
    bare, ours = answers(LIBRARIES / f"{name}.py", tmp_path, mode)

    assert ours == bare


DEEP = """
import gc, inspect, sys

def answer():
    deepest = 0

    def deeper(n):
        nonlocal deepest
        deepest = n
        return deeper(n + 1)

    before = sys.getrecursionlimit()
    gc.disable()  # a finalizer that has no stack left is an error of its own
    sys.setrecursionlimit(len(inspect.stack(0)) + 60)
    try:
        deeper(0)
    except RecursionError as error:
        return deepest, str(error)[:32]
    finally:
        sys.setrecursionlimit(before)
        gc.enable()
"""


@pytest.mark.parametrize("mode", REWRITING)
def test_recursion_ends_where_it_did(tmp_path, mode):
    """
    At most two calls earlier where each call has a span, and on Python 3.11; Python forgets it.
    """
    program = tmp_path / "deep.py"
    program.write_text(DEEP)
    with twice(program, tmp_path, mode) as (untouched, rewritten):
        bare, ours = untouched.answer(), rewritten.answer()

    most = 2 if sys.version_info < (3, 12) or mode == "spans" else 0
    assert 0 <= bare[0] - ours[0] <= most
    assert sys.exception() is None
    assert ours[1] == bare[1]


PROCESSOR = """
from opentelemetry.sdk.trace import SpanProcessor

class Counting(SpanProcessor):
    started = ended = 0

    def on_start(self, span, parent_context=None):
        self.started += 1

    def on_end(self, span):
        self.ended += 1

def work():
    return 1
"""


def test_what_is_called_for_a_span_has_none_of_its_own(application):
    """
    A processor of the application hears of its functions' spans, and makes none by that.
    """
    with application.install(), aiprov_otel.install_import_hook("shop", mode="spans"):
        shop = application.module("shop.processor", PROCESSOR)
        processor = shop.Counting()
        application.provider.add_span_processor(processor)
        shop.work()

    assert (processor.started, processor.ended) == (1, 1)
    assert application.span().name == "shop.processor.work"


LATE = """
class Late:
    def __init__(self):
        self.itself = self

    def closed(self):
        return [each for each in (1, 2)]

    def each(self):
        yield 3

    def __del__(self):
        print(self.closed(), list(self.each()))

KEPT = Late()
"""


@pytest.mark.parametrize("mode", REWRITING)
def test_the_last_finalizers_run(application, mode):
    """
    What is finalized while Python ends can call its functions.
    """
    application.write("shop/late.py", LATE)
    application.manifest()
    installed = f"import aiprov_otel; aiprov_otel.install_import_hook('shop', mode={mode!r})\n"

    assert run(f"{installed}import shop.late", application.folder) == "[1, 2] [3]\n"
