"""The text of an exception, against `traceback`'s own."""

from __future__ import annotations

import subprocess
import sys
import traceback
from importlib.util import find_spec

import pytest

from aiprov_otel.runtime import traceback_text

# Every exception that CPython's own tests of `traceback` format is formatted both ways.
COMPARE = """
import io, sys, traceback, unittest
from aiprov_otel.runtime import traceback_text
import test.test_traceback as suite

compared, differing, inside = 0, [], False
original = traceback.TracebackException.__init__

def compare(error):
    global compared, inside
    inside = True
    try:
        compared += 1
        if outcome(lambda: "".join(traceback.format_exception(error))) != outcome(
            lambda: traceback_text.text_of(error)
        ):
            differing.append(error)
    finally:
        inside = False

def outcome(make):
    try:
        return make()
    except Exception as error:
        return type(error)

def init(self, kind, error, *args, **kwargs):
    top = kwargs.get("_seen") is None  # and not a link of its chain
    if top and not inside and isinstance(error, BaseException):
        compare(error)
    original(self, kind, error, *args, **kwargs)

traceback.TracebackException.__init__ = init
tests = unittest.defaultTestLoader.loadTestsFromModule(suite)
unittest.TextTestRunner(stream=io.StringIO()).run(tests)
print(compared, len(differing))
"""


def fail(depth: int) -> None:
    if depth:
        fail(depth - 1)
    raise KeyError("apple")


def chained() -> None:
    try:
        fail(1)
    except KeyError as error:
        error.add_note("an apple a day")
        raise ValueError("no fruit") from error


def in_context() -> None:
    try:
        chained()
    except ValueError:
        fail(40)


def grouped() -> None:
    errors = []
    for number in range(20):
        try:
            fail(number)
        except KeyError as error:
            errors.append(error)
    raise ExceptionGroup("many", [*errors, ExceptionGroup("inner", [ValueError("x")])])


def misspelt() -> None:
    orchard = sys
    orchard.vesion  # noqa: B018 (the suggestion is what is tested)


def unreadable() -> None:
    exec(compile("a b", "<text>", "exec"))


@pytest.mark.parametrize("make", [chained, in_context, grouped, misspelt, unreadable])
def test_the_text_is_the_same_byte_for_byte(make):
    """
    Chains, contexts, repeated lines, groups, notes and suggestions: twice, fresh and remembered.
    """
    for _ in range(2):
        with pytest.raises(Exception) as caught:
            make()
        expected = "".join(traceback.format_exception(caught.value))
        assert traceback_text.text_of(caught.value) == expected


def test_an_exception_that_was_never_raised_has_no_stack():
    """
    Without a traceback there is the last line only.
    """
    assert traceback_text.text_of(ValueError("x")) == "ValueError: x\n"


def test_a_limit_of_the_process_is_kept(monkeypatch):
    """
    `sys.tracebacklimit` counts here as it does for `traceback`.
    """
    with pytest.raises(KeyError) as caught:
        fail(5)
    monkeypatch.setattr(sys, "tracebacklimit", 2, raising=False)

    assert traceback_text.text_of(caught.value) == "".join(traceback.format_exception(caught.value))


@pytest.mark.skipif(
    find_spec("test.test_traceback") is None, reason="this Python came without its own tests"
)
def test_every_exception_of_pythons_own_tests_has_the_same_text():
    """
    All that CPython's tests of `traceback` format is formatted alike.
    """
    done = subprocess.run(
        [sys.executable, "-c", COMPARE], capture_output=True, text=True, check=True
    )
    compared, differing = map(int, done.stdout.split())

    assert compared > 200
    assert differing == 0
