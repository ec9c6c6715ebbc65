"""
Functions whose bytecode or source another library reads, which the import hook leaves alone.

They are recognized by their decorator, by a call that takes them by name, and, for Pony, by the
class that contains them, through whatever names the module imports the library by.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

READERS: Final = (
    "codon.jit",
    "cupyx.jit",
    "cython",
    "dace",
    "goto.with_goto",
    "numba",
    "numba_cuda",
    "pythran",
    "taichi",
    "tensorflow.autograph",
    "tensorflow.function",
    "thunder.jit",
    "torch.compile",
    "torch.jit",
    "transonic",
    "triton",
    "tvm.script",
    "warp",
)
"""Decorators that compile a function or interpret its code, each with all that is below it."""

_PONY: Final = "pony"
_ENTITY: Final = "Entity"
_MENTIONED: Final = re.compile(
    rb"\b(?:%s)\b" % b"|".join({name.partition(".")[0].encode() for name in (*READERS, _PONY)})
)


class CodeReaders:
    """What reads the code of which functions of the module *tree*, whose text is *source*."""

    def __init__(self, tree: ast.Module, source: bytes) -> None:
        self._aliases: dict[str, str] = {}
        self._starred: str | None = None
        self._passed: dict[str, str] = {}
        self._entities: set[str] = set()
        if not _MENTIONED.search(source):
            return
        nodes = list(ast.walk(tree))
        for node in nodes:
            self._import(node)
        for node in nodes:
            if isinstance(node, ast.Call) and (reader := self._reader(node)):
                names = (each.id for each in node.args if isinstance(each, ast.Name))
                self._passed.update(dict.fromkeys(names, reader))

    def of_function(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
        """Returns what reads the code of *function*; None if nothing does."""
        return self._of_decorators(function) or self._passed.get(function.name)

    def of_class(self, statement: ast.ClassDef) -> str | None:
        """Returns what reads the code of the methods of a class; None if nothing does."""
        if reader := self._of_decorators(statement) or self._passed.get(statement.name):
            return reader
        if self.reads_lambdas and any(map(self._is_entity, statement.bases)):
            self._entities.add(statement.name)
            return f"{_PONY}.orm"
        return None

    @cached_property
    def reads_lambdas(self) -> bool:
        """Whether a lambda may be a query, which Pony makes of its bytecode."""
        return any(name.partition(".")[0] == _PONY for name in self._origins())

    def _origins(self) -> Iterator[str]:
        yield from self._aliases.values()
        if self._starred:
            yield self._starred

    def _import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for each in node.names:
                name = each.name if each.asname else each.name.partition(".")[0]
                self._aliases[each.asname or name] = name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for each in node.names:
                if each.name != "*":
                    self._aliases[each.asname or each.name] = f"{node.module}.{each.name}"
                elif _MENTIONED.fullmatch(node.module.partition(".")[0].encode()):
                    self._starred = node.module

    def _of_decorators(self, statement: Any) -> str | None:
        return next(filter(None, map(self._reader, statement.decorator_list)), None)

    def _reader(self, expression: ast.expr) -> str | None:
        name = self._dotted(expression)
        if name and any(name == each or name.startswith(f"{each}.") for each in READERS):
            return name
        return None

    def _dotted(self, expression: ast.expr) -> str | None:
        if isinstance(expression, ast.Call):
            return self._dotted(expression.func)
        if isinstance(expression, ast.Attribute):
            base = self._dotted(expression.value)
            return base and f"{base}.{expression.attr}"
        if not isinstance(expression, ast.Name):
            return None
        name = self._aliases.get(expression.id)
        if name is None and self._starred and not hasattr(builtins, expression.id):
            name = f"{self._starred}.{expression.id}"
        return name

    def _is_entity(self, base: ast.expr) -> bool:
        if isinstance(base, ast.Name):
            return base.id in self._entities
        return isinstance(base, ast.Attribute) and base.attr == _ENTITY
