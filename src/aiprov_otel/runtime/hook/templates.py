"""
What is written into a function: statements without a line, which so belong to the one before.

Each is made once, and stands in every function that it is written into; only where Python would
tell a tracer of a line, it has one. Names begin with a dot, which those of a program can't.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any, Final, TypeAlias

from aiprov_otel.runtime.hook.beginning import Function, first_line, own_line
from aiprov_otel.runtime.hook.tools import Tool

Mark: TypeAlias = tuple[str, str]

MARK: Final = "\0aiprov_otel"
SLOT: Final[Mark] = (MARK, "slot")
LAMBDA: Final[Mark] = (MARK, "lambda")
TOOLS: Final[Any] = (MARK, "tools")
"""What stands for the slot and the tools until the code is loaded; two long, as `COUNTS` wants."""

PREFIX: Final = ".aiprov_"
"""What names of ours begin with."""
RUNNING: Final = f"{PREFIX}running"

_FUNCTION: Final = """
counts = SLOT[2]
cell = TOOLS[HERE]()
before = cell[0]
time = TOOLS[CLOCK]()
try:
    try:
        BODY
    finally:
        time = TOOLS[CLOCK]() - time
        counts[0] += 1
        counts[1] += time
        counts[2] += time - cell[0] + before
        cell[0] = before + time
except TOOLS[ERROR]:
    TOOLS[COUNT](counts[3], (TOOLS[CLASS](TOOLS[CURRENT]()),))
    raise
"""
_SUSPENDABLE: Final = """
counts = SLOT[2]
running = TOOLS[BEGIN](counts)
try:
    try:
        BODY
    finally:
        TOOLS[END](running)
        counts[0] += 1
except TOOLS[ERROR]:
    TOOLS[COUNT](counts[3], (TOOLS[CLASS](TOOLS[CURRENT]()),))
    raise
"""


_SPANNED: Final = """
counts = SLOT[2]
cell = TOOLS[HERE]()
before = cell[0]
call = SLOT[3](SLOT)
time = TOOLS[CLOCK]()
try:
    try:
        BODY
    finally:
        time = TOOLS[CLOCK]() - time
        counts[0] += 1
        counts[1] += time
        counts[2] += time - cell[0] + before
        cell[0] = before + time
        TOOLS[ENDS][(time >= SLOT[4]) | (call is not False)](SLOT, call)
except TOOLS[ERROR]:
    TOOLS[COUNT](counts[3], (TOOLS[CLASS](TOOLS[CURRENT]()),))
    raise
"""
_SUSPENDABLE_SPANNED: Final = """
counts = SLOT[2]
running = TOOLS[BEGUN](SLOT)
try:
    try:
        BODY
    finally:
        TOOLS[ENDED](running)
        counts[0] += 1
except TOOLS[ERROR]:
    TOOLS[COUNT](counts[3], (TOOLS[CLASS](TOOLS[CURRENT]()),))
    raise
"""


class Template:
    """Statements around the body of a function."""

    def __init__(self, text: str) -> None:
        self._made = {slot: statements(text, slot) for slot in (SLOT, LAMBDA)}

    def around(self, function: Function, body: list[ast.stmt], slot: Mark) -> list[ast.stmt]:
        """The statements, with *body* where it belongs in *function*."""
        first, *others = self._made[slot]
        before = [placed(first, first_line(body, function)), *others]
        if not isinstance(last := before.pop(), ast.Try):
            return [*before, last, *body]
        (inner,) = last.body
        assert isinstance(inner, ast.Try)
        tried = unplaced(ast.Try(body, [], [], inner.finalbody))
        # A frame that an exception leaves must have a line: debuggers compare it.
        handlers: list[Any] = [placed(each, own_line(function)) for each in last.handlers]
        return [*before, unplaced(ast.Try([tried], handlers, [], []))]


@lru_cache(5_000)
def placed(node: Any, line: int) -> Any:
    """A copy of *node* on *line*; many functions begin on the same."""
    fields = {name: _placed_field(value, line) for name, value in ast.iter_fields(node)}
    if hasattr(node, "lineno"):
        fields |= {"lineno": line, "end_lineno": line, "col_offset": 0, "end_col_offset": 0}
    return type(node)(**fields)


def _placed_field(value: Any, line: int) -> Any:
    if isinstance(value, list):
        return [placed(each, line) for each in value]
    return placed(value, line) if isinstance(value, ast.AST) else value


def call(tool: Tool, argument: ast.expr, at: ast.expr) -> ast.expr:
    """A call of *tool* with what is running and *argument*, on the lines of *at*."""

    def here(node: Any) -> Any:
        return ast.copy_location(node, at)

    tools, index = here(ast.Constant(TOOLS)), here(ast.Constant(tool.value))
    running = here(ast.Name(RUNNING, ast.Load()))
    made: ast.expr = here(
        ast.Call(here(ast.Subscript(tools, index, ast.Load())), [running, argument], [])
    )
    return made


def unplaced(node: Any) -> Any:
    """*node*, without a line."""
    node.lineno = node.end_lineno = node.col_offset = node.end_col_offset = -1
    return node


def statements(text: str, slot: Mark) -> list[ast.stmt]:
    """The statements in *text*, without a line, with what its names in capitals stand for."""
    tree = _Filled(slot).visit(ast.parse(text))
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            unplaced(node)
    body: list[ast.stmt] = tree.body
    return body


class _Filled(ast.NodeTransformer):
    def __init__(self, slot: Mark) -> None:
        self._constants: dict[str, Any] = {"SLOT": slot, "TOOLS": TOOLS}
        self._constants |= {tool.name: tool.value for tool in Tool}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._constants:
            return ast.Constant(self._constants[node.id], lineno=-1)
        return ast.Name(f"{PREFIX}{node.id}", node.ctx, lineno=-1)


COUNT_ONLY: Final = Template("SLOT[2][0] += 1")
FUNCTION: Final = Template(_FUNCTION)
SUSPENDABLE: Final = Template(_SUSPENDABLE)
SPANNED: Final = Template(_SPANNED)
SUSPENDABLE_SPANNED: Final = Template(_SUSPENDABLE_SPANNED)
