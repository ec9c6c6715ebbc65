"""CPython passes its own tests of the language when they are rewritten, but for those named."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

from support.application import run

pytestmark = pytest.mark.matrix
MODULES = (
    "asyncgen class contextlib contextlib_async coroutines decorators except_star "
    "exception_variations generators genexps keywordonlyarg listcomps named_expressions patma "
    "positional_only_arg raise scope super with yield_from"
)
NAMES = [f"test.test_{name}" for name in MODULES.split()]
STACK = "while `throw` runs down a chain, the outer frames are not on the stack"
SIGNAL = "a signal that is pending as a chain goes on is raised in the outermost frame"
KNOWN = {
    "test.test_coroutines.CoroutineTest.test_stack_in_coroutine_throw": STACK,
    "test.test_generators.GeneratorStackTraceTest.test_throw_with_yield_from": STACK,
    "test.test_generators.SignalAndYieldFromTest.test_raise_and_yield_from": SIGNAL,
}
RUNNING = """
import json, unittest
suite = unittest.defaultTestLoader.loadTestsFromNames({names})
result = unittest.TestResult()
suite.run(result)
failed = {{getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}}
print()
print(json.dumps([result.testsRun, sorted(failed)]))
"""
HOOK = """
import aiprov_otel
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
trace.set_tracer_provider(TracerProvider())
aiprov_otel.install()
aiprov_otel.install_import_hook({names}, mode={mode!r})
"""


def ran(folder, hook=""):
    """How many tests ran in a process, and which did not pass."""
    code = hook + RUNNING.format(names=NAMES)
    said = run(code, folder, sys.executable, PYTHONDONTWRITEBYTECODE="1")
    number, failed = json.loads(said.splitlines()[-1])
    return number, set(failed)


@pytest.fixture(scope="module")
def untouched_tests(tmp_path_factory):
    """The same without the hook."""
    missing = [name for name in NAMES if not _is_there(name)]
    if missing:
        pytest.skip(f"this Python comes without its own tests: {missing[0]} is not there")
    return ran(tmp_path_factory.mktemp("untouched"))


def _is_there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("mode", ["metrics", "spans"])
def test_the_language_is_as_python_tests_it(untouched_tests, tmp_path, mode):
    """
    As many tests run, and those that fail are those that fail without the hook, and the known ones.
    """
    number, failed = ran(tmp_path, HOOK.format(names=NAMES, mode=mode))

    assert number == untouched_tests[0]
    assert failed == untouched_tests[1] | set(KNOWN)
