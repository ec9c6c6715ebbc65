"""The functions of a source file, each with its own lines and those of its edge cases; pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """
    A function of a source file.

    Attributes:
        name: its qualified name, as Python has it: `Cart.total`, `outer.<locals>.inner`.
        first: the line of its `def`.
        last: its last line.
        body: the lines of its body, without those of functions inside of it.
        edges: the lines of its `except` and `raise` statements.
    """

    name: str
    first: int
    last: int
    body: frozenset[int]
    edges: frozenset[int]


def functions(source: bytes) -> list[Function]:
    """
    The functions of *source*, in order of their lines.

    Raises:
        SyntaxError, ValueError, RecursionError: this Python can't parse it.
    """
    return sorted(_functions(ast.parse(source), ""), key=lambda function: function.first)


def _functions(node: ast.AST, prefix: str) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}{child.name}"
            yield _function(child, name)
            yield from _functions(child, f"{name}.<locals>.")
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> Function:
    last = node.end_lineno or node.lineno
    body, edges = set(range(node.body[0].lineno, last + 1)), set[int]()
    pending = list(ast.iter_child_nodes(node))
    while pending:
        child = pending.pop()
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            body -= set(range(child.body[0].lineno, (child.end_lineno or child.lineno) + 1))
            continue
        if isinstance(child, ast.ExceptHandler | ast.Raise):
            edges.add(child.lineno)
        pending.extend(ast.iter_child_nodes(child))
    return Function(name, node.lineno, last, frozenset(body), frozenset(edges))
