"""What is written into handlers: nothing that a tracer or a monitor hears, or a traceback shows."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from aiprov_otel.runtime.import_hook.ast_except import watch
from aiprov_otel.runtime.import_hook.bytecode_cache import number_functions
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
from aiprov_otel.runtime.import_hook.rules import Rule

PROGRAM = Path(__file__).parent / "programs" / "handling.py"
SCOPES = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def program(*, watched):
    """What the program's names and its code are, with its handlers *watched* or not."""
    tree = ast.parse(PROGRAM.read_text())
    for scope in [node for node in ast.walk(tree) if watched and isinstance(node, SCOPES)]:
        watch(scope.body)
    code = compile(tree, str(PROGRAM), "exec", dont_inherit=True)
    code = number_functions(code, "aiprov_handling")
    REGISTRY.load("aiprov_handling", "handling", code, Rule("handling", "metrics"))
    return {"__name__": "handling"}, code


def codes(code):
    """*code* and all code in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            yield from codes(constant)


def traced(names, code):
    """What a tracer hears while the module runs, and all of its functions."""
    heard = []

    def tracer(frame, event, arg):
        if frame.f_code.co_filename != str(PROGRAM):
            return None
        heard.append((frame.f_code.co_name, event, frame.f_lineno))
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        exec(code, names)
        names["everything"]()
    finally:
        sys.settrace(before)
    return heard


def lines(names, code):
    """The lines that a monitor hears of, one that it hears of twice in a row once."""
    heard, monitor = [None], sys.monitoring

    def line(code, number):
        if code.co_filename == str(PROGRAM) and heard[-1] != (code.co_name, number):
            heard.append((code.co_name, number))

    monitor.use_tool_id(monitor.PROFILER_ID, "test")
    monitor.register_callback(monitor.PROFILER_ID, monitor.events.LINE, line)
    monitor.set_events(monitor.PROFILER_ID, monitor.events.LINE)
    try:
        exec(code, names)
        names["everything"]()
    finally:
        monitor.set_events(monitor.PROFILER_ID, 0)
        monitor.free_tool_id(monitor.PROFILER_ID)
    return heard


def test_a_tracer_hears_the_same():
    """
    Each line, call, exception and return, in its order, by whatever way a handler is left.
    """
    assert traced(*program(watched=True)) == traced(*program(watched=False))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python has monitors from 3.12 on")
def test_a_monitor_hears_the_same():
    """
    A line that is heard of twice in a row was one line.
    """
    assert lines(*program(watched=True)) == lines(*program(watched=False))


def test_the_lines_with_code_are_the_same():
    """
    As coverage and the manifest ask for them.
    """
    bare, ours = (
        {each.co_qualname: {line for *_, line in each.co_lines() if line} for each in codes(code)}
        for _, code in (program(watched=True), program(watched=False))
    )
    assert ours == bare
