"""Where a generator or a coroutine is suspended, its call is paused."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from aiprov_otel.runtime.hook.beginning import Function
from aiprov_otel.runtime.import_hook.call_table import Tool
from aiprov_otel.runtime.import_hook.templates import call

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """The nodes of *function*, without those of functions and classes in it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES):
            waiting.extend(ast.iter_child_nodes(node))


class Suspensions(ast.NodeTransformer):
    """Puts a pause around each place where a function may be suspended."""

    def visit_Yield(self, node: ast.Yield) -> ast.expr:
        """`yield value`."""
        self.generic_visit(node)
        value = node.value or ast.copy_location(ast.Constant(None), node)
        node.value = call(Tool.SUSPENDED, value, node)
        return call(Tool.RESUMED, node, node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.expr:
        """`yield from iterable`."""
        self.generic_visit(node)
        node.value = call(Tool.DELEGATED, node.value, node)
        return call(Tool.RESUMED, node, node)

    def visit_Await(self, node: ast.Await) -> ast.expr:
        """`await awaited`."""
        self.generic_visit(node)
        node.value = call(Tool.STEPS, node.value, node)
        return call(Tool.RESUMED, node, node)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        """`async for item in iterable`."""
        self.generic_visit(node)
        node.iter = call(Tool.EACH, node.iter, node.iter)
        return node

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        """`async with manager`."""
        self.generic_visit(node)
        for item in node.items:
            item.context_expr = call(Tool.AROUND, item.context_expr, item.context_expr)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        """`async for item in iterable` in a list, a set or a dictionary."""
        self.generic_visit(node)
        if node.is_async:
            node.iter = call(Tool.EACH, node.iter, node.iter)
        return node

    def visit(self, node: ast.AST) -> Any:
        """What *node* becomes; what others wait for, or at another time, stays as it is."""
        return node if isinstance(node, (*_SCOPES, ast.GeneratorExp)) else super().visit(node)


def pausing(function: Function) -> list[ast.stmt]:
    """The body of *function*, with a pause wherever it may be suspended."""
    transformer = Suspensions()
    return [transformer.visit(statement) for statement in function.body]
