"""
The rewriting of a module: every function that it defines gets its block, innermost and inline.

Only lists of statements are walked. Whether a function yields, or looks at its own names, is
searched for in its text first, and in its nodes only where the text has the word.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from aiprov_otel.runtime.import_hook import templates
from aiprov_otel.runtime.import_hook.ast_except import watch
from aiprov_otel.runtime.import_hook.code_readers import CodeReaders
from aiprov_otel.runtime.import_hook.counters import NAME
from aiprov_otel.runtime.import_hook.templates import Function, Template, call
from aiprov_otel.settings import Mode

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
    """Puts a pause around each place where a function, which may be *spanned*, is suspended."""

    def __init__(self, *, spanned: bool) -> None:
        self._suffix = "_SPANNED" if spanned else ""

    def visit_Yield(self, node: ast.Yield) -> ast.expr:
        """`yield value`."""
        self.generic_visit(node)
        value = node.value or ast.copy_location(ast.Constant(None), node)
        resumed = ast.copy_location(ast.Constant(True), node)
        node.value = call(f"SUSPENDED{self._suffix}", node, resumed, value)
        return self._resumed(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.expr:
        """`yield from iterable`."""
        self.generic_visit(node)
        node.value = call("DELEGATED", node, node.value)
        return self._resumed(node)

    def visit_Await(self, node: ast.Await) -> ast.expr:
        """`await awaited`."""
        self.generic_visit(node)
        node.value = call("STEPS", node, node.value)
        return self._resumed(node)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        """`async for item in iterable`."""
        self.generic_visit(node)
        node.iter = call("EACH", node.iter, node.iter)
        return node

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        """`async with manager`."""
        self.generic_visit(node)
        for item in node.items:
            item.context_expr = call("AROUND", item.context_expr, item.context_expr)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        """`async for item in iterable` in a list, a set or a dictionary."""
        self.generic_visit(node)
        if node.is_async:
            node.iter = call("EACH", node.iter, node.iter)
        return node

    def _resumed(self, node: ast.expr) -> ast.expr:
        return call(f"RESUMED{self._suffix}", node, node)

    def visit(self, node: ast.AST) -> Any:
        """What *node* becomes; what others wait for, or at another time, stays as it is."""
        return node if isinstance(node, (*_SCOPES, ast.GeneratorExp)) else super().visit(node)


def pausing(function: Function, *, spanned: bool) -> list[ast.stmt]:
    """The body of *function*, with a pause at each possible suspension."""
    transformer = Suspensions(spanned=spanned)
    return [transformer.visit(statement) for statement in function.body]


# Where a function sees its own names by these, one of ours would show.
_SEES_NAMES: Final = {"locals", "vars", "dir", "eval", "exec"}
_SEES_NAMES_TEXT: Final = re.compile(rb"\b(?:locals|vars|dir|eval|exec)\b")
_YIELDS: Final = (ast.Yield, ast.YieldFrom)
_OPT_OUT: Final = "no_instrument"


def rewrite(tree: ast.Module, source: bytes, mode: Mode) -> tuple[str, ...]:
    """
    Let each function of *tree*, which *source* is the text of, do what *mode* requires.

    Returns the names of functions and classes that are left alone, and what reads their code.
    """
    rewriter = _Rewriter(CodeReaders(tree, source), source, mode)
    rewriter.scope(tree.body)
    return tuple(rewriter.left_alone)


class _Rewriter:
    def __init__(self, readers: CodeReaders, source: bytes, mode: Mode) -> None:
        self.left_alone: list[str] = []
        self._readers = readers
        self._lines = source.splitlines()
        self._timed = mode != "count"
        self._spans = mode == "spans"
        self._handles = self._timed and b"except" in source

    def scope(self, body: list[ast.stmt]) -> None:
        self.statements(body)
        if self._handles:
            watch(body)

    def statements(self, body: list[ast.stmt]) -> None:
        for index, statement in enumerate(body):
            if isinstance(statement, Function):
                self._function(statement, templates.NUMBER)
            elif isinstance(statement, ast.ClassDef):
                self._class(statement)
            elif not self._readers.reads_lambdas and (named := _named_lambda(statement)):
                self._function(named, templates.LAMBDA_NUMBER)
                body[index] = named
            else:
                for inner in _bodies(statement):
                    self.statements(inner)

    def _class(self, statement: ast.ClassDef) -> None:
        if _opts_out(statement) or self._is_read(statement, self._readers.of_class(statement)):
            return
        self.scope(statement.body)
        if self._handles:  # its metaclass may have an answer for every name
            first = statement.body[0]
            documented = ast.get_docstring(statement, clean=False) is not None
            statement.body.insert(documented, ast.copy_location(ast.Global([NAME]), first))

    def _function(self, function: Function, number: str) -> None:
        if _opts_out(function) or self._is_read(function, self._readers.of_function(function)):
            return
        self.statements(function.body)
        documented = ast.get_docstring(function, clean=False) is not None
        kept = function.body[:documented]
        function.body = function.body[documented:] or [_pass(function)]
        text = b"\n".join(self._lines[function.lineno - 1 : function.end_lineno])
        template, body_of = self._template(function, text)
        if self._handles and b"except" in text and template is not templates.COUNT_ONLY:
            watch(function.body)
        function.body = kept + template.around(function, body_of(function), number)

    def _is_read(self, statement: Function | ast.ClassDef, reader: str | None) -> bool:
        if reader:
            self.left_alone.append(f"{statement.name} ({reader})")
        return reader is not None

    def _template(
        self, function: Function, text: bytes
    ) -> tuple[Template, Callable[[Function], list[ast.stmt]]]:
        if not self._timed or (_SEES_NAMES_TEXT.search(text) and _sees_names(function)):
            return templates.COUNT_ONLY, _as_it_is
        spanned = self._spans and not _has_spans(function)
        if isinstance(function, ast.AsyncFunctionDef) or (b"yield" in text and _yields(function)):
            template = templates.SUSPENDABLE_SPANNED if spanned else templates.SUSPENDABLE
            return template, partial(pausing, spanned=spanned)
        return templates.SPANNED if spanned else templates.FUNCTION, _as_it_is


def _as_it_is(function: Function) -> list[ast.stmt]:
    return function.body


def _pass(function: Function) -> ast.stmt:
    return ast.copy_location(ast.Pass(), function)


def _sees_names(function: Function) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _SEES_NAMES
        for node in own_nodes(function)
    )


def _yields(function: Function) -> bool:
    return any(isinstance(node, _YIELDS) for node in own_nodes(function))


def _opts_out(statement: Function | ast.ClassDef) -> bool:
    """Whether *statement* is decorated by `@no_instrument`, under that name."""
    return any(_name_of(each) == _OPT_OUT for each in statement.decorator_list)


def _has_spans(function: Function) -> bool:
    """Whether `@provenance` makes a span of each call already."""
    return any(_name_of(each) == "provenance" and _spans(each) for each in function.decorator_list)


def _name_of(decorator: ast.expr) -> str:
    named = decorator.func if isinstance(decorator, ast.Call) else decorator
    return str(getattr(named, "attr", getattr(named, "id", "")))


def _spans(decorator: ast.expr) -> bool:
    said = {each.arg: each.value for each in getattr(decorator, "keywords", ())}
    return not (isinstance(no := said.get("span"), ast.Constant) and no.value is False)


def _named_lambda(statement: ast.stmt) -> Function | None:
    """`name = lambda …: …` as a function of that name; its code is called `<lambda>` later."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Lambda):
        return None
    (target, *others), found = statement.targets, statement.value
    if others or not isinstance(target, ast.Name):
        return None
    answer = ast.copy_location(ast.Return(found.body), found.body)
    function = ast.FunctionDef(target.id, found.args, [answer], [])
    function.type_params = []  # type: ignore[attr-defined]  # a field from Python 3.12 on
    return ast.copy_location(function, found)


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The lists of statements in *statement*."""
    for name in ("body", "orelse", "finalbody"):
        if found := getattr(statement, name, None):
            yield found
    for name in ("handlers", "cases"):
        for part in getattr(statement, name, ()):
            yield part.body
