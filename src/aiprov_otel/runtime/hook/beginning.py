"""The line on which a function begins to run: a tracer is to hear of no other before."""

from __future__ import annotations

import ast
from typing import Any, Final, TypeAlias

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
