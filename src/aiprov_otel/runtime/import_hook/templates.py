"""
What is written into a function: statements without a line, which so belong to the one before.

Each is made once, and shared by every function that it is written into, but for the few nodes that
need a line there. Names begin with a dot, which those of a program can't.
"""

from __future__ import annotations

import ast
from typing import Any, Final, TypeAlias

from aiprov_otel.runtime.import_hook.call_table import INDEX
from aiprov_otel.runtime.import_hook.counters import NAME

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_HEADS: Final = ("test", "iter", "subject", "items")


def own_line(function: Any) -> int:
    """The first line of *function*, or of a class, with its decorators."""
    lines: list[int] = [each.lineno for each in (function, *function.decorator_list)]
    return min(lines)


def first_line(body: list[ast.stmt], function: Function) -> int:
    """The line on which *body*, that of *function*, begins to run."""
    first: Any = next(filter(_runs, body), function)
    if hasattr(first, "decorator_list"):
        return own_line(first)
    head = _head(first)
    at_once = head.lineno == head.end_lineno or isinstance(head, ast.Try | ast.TryStar)
    return int(head.lineno) if at_once else _asked(head, type(function))


def _runs(statement: ast.stmt) -> bool:
    said = isinstance(statement, ast.AnnAssign) and statement.value is None
    return not said and not isinstance(statement, ast.Global | ast.Nonlocal)


def _head(statement: Any) -> Any:
    """What *statement* evaluates before it decides what else to run; itself if it does not."""
    found = (getattr(statement, name) for name in _HEADS if hasattr(statement, name))
    head = next(found, statement)
    return head[0].context_expr if isinstance(head, list) else head


def _asked(node: Any, kind: type[Function]) -> int:
    """The same of *node*, on several lines, as Python compiles it."""
    statement = node if isinstance(node, ast.stmt) else ast.copy_location(ast.Expr(node), node)
    none = ast.arguments([], [], None, [], [], None, [])
    before = {"lineno": node.end_lineno + 1, "end_lineno": node.end_lineno + 1}
    alone = kind("_", none, [statement], [], **before, col_offset=0, end_col_offset=0)
    alone.type_params = []  # type: ignore[union-attr]  # a field from Python 3.12 on
    code = compile(ast.Module([alone], []), "", "exec", dont_inherit=True).co_consts[0]
    lines = (line for *_, line in code.co_lines() if line not in {None, code.co_firstlineno})
    return int(next(lines, node.lineno))


KEY: Final = "\0aiprov_otel key"
NUMBER: Final = "\0aiprov_otel number"
LAMBDA_NUMBER: Final = "\0aiprov_otel number of a lambda"
"""Placeholders for the key of the module and the number of the function until it is compiled."""

PREFIX: Final = ".aiprov_"
"""What names of ours begin with."""
ROW: Final = f"{PREFIX}row"
RUNNING: Final = f"{PREFIX}running"

# Code that was sent to a process without us finds no name of ours, and brings us there, or where it
# only counts, lets it be. Both are met by any exception, since the name of a class might be the
# program's; nothing but ours runs in them, and no signal is taken there.
_TIMED: Final = """
try:
    row = ROW
except:
    from aiprov_otel.runtime.import_hook.call_table import ELSEWHERE as row
{begin}
try:
    try:
        BODY
    finally:
        {end}
except row[CALLED_OFF]:
    raise
except row[ERROR]:
    error = NUMBER, row[NAME](row[CLASS](row[CURRENT]()))
    row[COUNT](row[ERRORS], (((NUMBER, row[OTHER]), error)[
        (error in row[ERRORS]) | (row[SIZE](row[ERRORS]) < row[MOST])
    ],))
    raise
"""
# What the cell will hold at the end, all that ended in this thread, less the clock's time now. No
# signal is taken from where a call is open until `try`, and from `finally` until it is closed.
_BEGIN: Final = """
cell = row[HERE]()
before = cell[0]
{open}
time = -row[CLOCK] - before
"""
_END: Final = """
        time = -row[CLOCK] - time
        row[CALLS] += 1
        row[TIME] += time - before
        row[SELF_TIME] += time - cell[0]
        cell[0] = time
        {close}
"""
_OPEN: Final = "call = row[OPEN](row)"
_CLOSE: Final = "row[ENDS][(time - before >= row[LEAST]) | (call is not False) << 1](call, row)"
_SUSPENDABLE: Final = _TIMED.format(
    begin="running = row[{begin}](row)", end="row[{end}](running)\n        row[CALLS] += 1"
)
_COUNT_ONLY: Final = """
try:
    ROW[CALLS] += 1
except:
    pass
"""


class Template:
    """Statements around the body of a function."""

    def __init__(self, text: str) -> None:
        self._made = {number: statements(text, number) for number in (NUMBER, LAMBDA_NUMBER)}

    def around(self, function: Function, body: list[ast.stmt], number: str) -> list[ast.stmt]:
        """The statements, with *body* where it belongs in *function*."""
        first, *others = self._made[number]
        line = first_line(body, function)
        if not others:
            return [placed(first, line), *body]
        second, *others = others
        last: Any = others.pop()
        before = [placed(first, line), placed(second, line), *others]
        (inner,) = last.body
        assert isinstance(inner, ast.Try)
        tried = unplaced(ast.Try(body, [], [], inner.finalbody))
        # A frame that an exception leaves must have a line: debuggers compare it.
        handlers: list[Any] = [placed(each, own_line(function)) for each in last.handlers]
        return [*before, unplaced(ast.Try([tried], handlers, [], []))]


def placed(node: Any, line: int) -> Any:
    """
    A copy of *node* that begins on *line*; what follows without a line belongs to the same.

    Only what leads to the first instruction is copied, and the same of each handler: 16 nodes for a
    timed function, and not 109, for the same bytecode and lines. The first import of sqlalchemy.orm
    takes 4.4 times as long as Python's own; with all of them, it took 7.6 times.
    """
    copy = ast.AST.__new__(type(node))
    copy.__dict__.update(
        node.__dict__, lineno=line, end_lineno=line, col_offset=0, end_col_offset=0
    )
    for name in _FIRST.get(type(node), ()):
        value = getattr(node, name)
        if isinstance(value, list):
            setattr(copy, name, [placed(each, line) for each in value])
        elif value is not None:
            setattr(copy, name, placed(value, line))
    return copy


_FIRST: Final[dict[type[ast.AST], tuple[str, ...]]] = {
    ast.Try: ("handlers",),
    ast.ExceptHandler: ("type",),
    ast.Assign: ("value",),
    ast.Call: ("func",),
    ast.Subscript: ("value",),
}
"""The fields on the way to the first instruction of a node."""


def call(name: str, at: ast.expr, *arguments: ast.expr) -> ast.expr:
    """Returns a call of *name* in the call table with what is running and *arguments*."""

    def here(node: Any) -> Any:
        return ast.copy_location(node, at)

    row, index = here(ast.Name(ROW, ast.Load())), here(ast.Constant(INDEX[name]))
    running = here(ast.Name(RUNNING, ast.Load()))
    made: ast.expr = here(
        ast.Call(here(ast.Subscript(row, index, ast.Load())), [running, *arguments], [])
    )
    return made


def unplaced(node: Any) -> Any:
    """*node*, without a line."""
    node.lineno = node.end_lineno = node.col_offset = node.end_col_offset = -1
    return node


def statements(text: str, number: str = NUMBER) -> list[ast.stmt]:
    """The statements in *text*, without a line, with what its names in capitals stand for."""
    tree = _Filled(number).visit(ast.parse(text))
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            unplaced(node)
    body: list[ast.stmt] = tree.body
    return body


class _Filled(ast.NodeTransformer):
    def __init__(self, number: str) -> None:
        self._constants: dict[str, Any] = {"KEY": KEY, "NUMBER": number, **INDEX}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id == "ROW":
            (found,) = ast.parse("ROWS[KEY][NUMBER]").body
            return self.visit(found).value  # type: ignore[no-any-return]
        if node.id in self._constants:
            return ast.Constant(self._constants[node.id], lineno=-1)
        name = NAME if node.id == "ROWS" else f"{PREFIX}{node.id}"
        return ast.Name(name, node.ctx, lineno=-1)

    def visit_alias(self, node: ast.alias) -> ast.alias:
        return ast.alias(node.name, f"{PREFIX}{node.asname}", lineno=-1)


COUNT_ONLY: Final = Template(_COUNT_ONLY)
FUNCTION: Final = Template(_TIMED.format(begin=_BEGIN.format(open=""), end=_END.format(close="")))
SPANNED: Final = Template(
    _TIMED.format(begin=_BEGIN.format(open=_OPEN), end=_END.format(close=_CLOSE))
)
SUSPENDABLE: Final = Template(_SUSPENDABLE.format(begin="BEGIN", end="END"))
SUSPENDABLE_SPANNED: Final = Template(_SUSPENDABLE.format(begin="BEGIN_SPANNED", end="END_SPANNED"))
