"""
The loader of a module, with its `get_code` observed.

Only `get_code` of that one object is replaced. Its class, and all else that it can do (resources,
data, introspection), stay as they were.

A rewriter rule goes as far as the loader lets us. Python's own loader of files gets a cache of
ours. One that inherits from it, as typeguard's does, compiles the rewritten tree, and gets no file
time, so that it caches none of our code. A zip is compiled here. Any other loads as it always does.
"""

from __future__ import annotations

import ast
import os
import zipimport
from collections.abc import Callable
from importlib.abc import SourceLoader
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import LazyLoader, source_hash
from types import CodeType
from typing import Any, Final, TypeAlias

from aiprov_otel.runtime import state
from aiprov_otel.runtime.guard import call_guard, guard, warn
from aiprov_otel.runtime.import_hook.bytecode_cache import (
    Cache,
    Rewritten,
    is_made_of,
    is_same,
    number_functions,
    python_bytecode,
    runs_other_source,
)
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
from aiprov_otel.runtime.import_hook.rules import Rule
from aiprov_otel.runtime.interrupts import is_foreign
from aiprov_otel.runtime.source_text import Layout, Text

GetCode: TypeAlias = Callable[[str], CodeType | None]

OTHER_TEXT: Final = Text.known("", Layout())
"""Stands for the text of code that was not made of the source that is there: it is stale."""


def observe(spec: ModuleSpec, rule: Rule) -> None:
    """Register *spec*'s module when it is loaded; rewrite it if *rule* requires it."""
    loader = _unwrap(spec.loader)
    get_code = None if isinstance(loader, type) else getattr(loader, "get_code", None)
    if get_code is None:
        _register_file(spec)
    elif not isinstance(get_code, ObservedGetCode):
        try:
            loader.get_code = _observer(loader, get_code, rule)
        except AttributeError:  # an object that takes none
            _register_file(spec)


def _observer(loader: Any, get_code: GetCode, rule: Rule) -> ObservedGetCode:
    if not rule.rewrites:
        return ObservedGetCode(loader, get_code)

    return rewriter(loader, get_code, rule)


def _unwrap(loader: Any) -> Any:
    while isinstance(loader, LazyLoader):
        loader = loader.loader  # type: ignore[attr-defined]  # unknown to its stubs
    return loader


def _register_file(spec: ModuleSpec) -> None:
    """Register the file on disk, which a loader that shows no code runs as it is."""
    annotator = state.annotator()
    if annotator and spec.has_location and spec.origin:
        annotator.resolver.loaded(spec.origin)


class ObservedGetCode:
    """`get_code` of a loader, which registers what it returns."""

    def __init__(self, loader: Any, get_code: GetCode) -> None:
        self._loader = loader
        self._get_code = get_code

    def __call__(self, fullname: str) -> CodeType | None:
        """Returns the code of the module *fullname*, as the loader has it."""
        text = self._text(fullname)
        code = self._get_code(fullname)
        with guard:
            register(code, text)
        return code

    def _text(self, fullname: str) -> Text | None:
        """Returns what its code is about to be made of; None where the loader shows nothing."""
        with call_guard:  # all of it asks the loader, which may be anybody's
            if (source := source_of(self._loader, fullname)) is not None:
                return (
                    OTHER_TEXT
                    if _runs_other_source(self._loader, fullname, source)
                    else Text(source)
                )
        return None


def register(code: CodeType | None, text: Text | None) -> None:
    """Register *code*, which is about to run, as made of *text*."""
    annotator = state.annotator()
    if annotator and code:
        annotator.resolver.register(code, text)


def as_importlib(kind: type[ObservedGetCode]) -> None:
    """Hide frames of *kind* from tracebacks, as Python hides those of its import system."""
    code = kind.__call__.__code__
    kind.__call__.__code__ = code.replace(co_filename=SourceLoader.get_code.__code__.co_filename)


as_importlib(ObservedGetCode)


def _runs_other_source(loader: Any, fullname: str, source: bytes) -> bool:
    return isinstance(loader, SourceLoader) and runs_other_source(
        loader, loader.get_filename(fullname), source
    )


def source_of(loader: Any, fullname: str) -> bytes | None:
    """Returns the source that *loader* has of the module; None where it shows none."""
    for read in (_source_in_file, _source_by_loader):
        try:
            if (source := read(loader, fullname)) is not None:
                return source
        except Exception as error:  # any loader; `get_code` raises what is wrong
            if is_foreign(error, in_call=True):
                raise
    return None


def _source_in_file(loader: Any, fullname: str) -> bytes | None:
    path = loader.get_filename(fullname)
    return loader.get_data(path) if path.endswith(".py") else None


def _source_by_loader(loader: Any, fullname: str) -> bytes | None:
    text = loader.get_source(fullname)
    return text.encode() if text is not None else None


def rewriter(loader: Any, get_code: GetCode, rule: Rule) -> ObservedGetCode:
    """Returns a `get_code` for *loader* that rewrites modules, so that their functions report."""
    if isinstance(loader, SourceLoader) and type(loader) is not SourceFileLoader:
        return _LoaderCompiles(loader, get_code, rule)
    if type(loader) in {SourceFileLoader, zipimport.zipimporter}:
        return _CompilesItself(loader, get_code, rule)
    kind = type(loader).__name__
    warn(
        "not-rewritten",
        f"A {kind} loads modules in its own way, so they are not rewritten",
        about=kind,
    )
    return ObservedGetCode(loader, get_code)


left_alone: Final[dict[str, tuple[str, ...]]] = {}
"""By module, the functions and classes that were not rewritten, and what reads their code."""


class _OtherTextError(Exception):
    """The code that Python runs is not made of the source that is there."""

    def __init__(self) -> None:
        super().__init__("Python runs its bytecode file, which was made of another source")


class _CompilesItself(ObservedGetCode):
    """Compiles instead of the loader; where that fails, the loader does."""

    def __init__(self, loader: Any, get_code: GetCode, rule: Rule) -> None:
        super().__init__(loader, get_code)
        self._rule = rule
        self._other_text = False
        self._left_alone: tuple[str, ...] = ()

    def __call__(self, fullname: str) -> CodeType | None:
        """Returns the code of the module *fullname*, rewritten if possible."""
        failure = None
        try:
            if (rewritten := self._load(fullname)) is not None:
                REGISTRY.load(rewritten.key, fullname, rewritten.code, self._rule)
                if rewritten.left_alone:
                    left_alone[fullname] = rewritten.left_alone
                with guard:
                    register(rewritten.code, rewritten.text)
                return rewritten.code
        except Exception as error:  # Python reports the module's own mistakes
            if is_foreign(error, in_call=True):
                raise
            failure = error
        self._other_text = isinstance(failure, _OtherTextError)
        code = super().__call__(fullname)  # not in the handler: what it raises has no context
        if failure:
            _warn(fullname, failure)
        return code

    def _text(self, fullname: str) -> Text | None:
        return OTHER_TEXT if self._other_text else super()._text(fullname)

    def _load(self, fullname: str) -> Rewritten | None:
        path = self._loader.get_filename(fullname)
        if type(self._loader) is zipimport.zipimporter:
            return self._load_zipped(fullname, path)
        source: bytes = self._loader.get_data(path)
        bytecode = python_bytecode(self._loader, path, source)
        cache = Cache(path, self._rule.mode, source, bytecode)
        rewritten = cache.load()
        if rewritten is None:
            if bytecode and not is_made_of(bytecode, source, path):
                raise _OtherTextError
            rewritten = self._rewrite(fullname, path, source)
            cache.store(rewritten)
        return rewritten

    def _load_zipped(self, fullname: str, path: str) -> Rewritten | None:
        if (source := source_of(self._loader, fullname)) is None:
            return None
        if path.endswith(".pyc") and (code := self._get_code(fullname)):
            path = code.co_filename
            if not is_same(code, _compile(source, path)):
                raise _OtherTextError
        return self._rewrite(fullname, path, source)

    def _rewrite(self, fullname: str, path: str, source: bytes) -> Rewritten:
        text = Text(source)
        key = f"aiprov_{source_hash(os.fsencode(path) + text.hash.encode()).hex()}"
        code = self._compiled(fullname, path, source)
        return Rewritten(number_functions(code, key), key, text, self._left_alone)

    def _compiled(self, fullname: str, path: str, source: bytes) -> CodeType:
        return _compile(self._tree(source), path)

    def _tree(self, source: bytes) -> ast.Module:
        from aiprov_otel.runtime.import_hook.ast_rewriter import rewrite  # most starts have a cache

        tree = ast.parse(source)
        self._left_alone = rewrite(tree, source, self._rule.mode)
        return tree


class _LoaderCompiles(_CompilesItself):
    """Gives the loader a tree instead of the text; the rest is the loader's own work."""

    def _load(self, fullname: str) -> Rewritten | None:
        if (source := source_of(self._loader, fullname)) is None:
            return None
        if _runs_other_source(self._loader, fullname, source):
            raise _OtherTextError
        return self._rewrite(fullname, self._loader.get_filename(fullname), source)

    def _compiled(self, fullname: str, path: str, source: bytes) -> CodeType:
        loader = self._loader
        if loader.path_stats is not _no_stats:
            self._source_to_code_of_loader = loader.source_to_code
            loader.source_to_code = self._source_to_code
            loader.path_stats = _no_stats
        code = self._get_code(fullname)
        if code is None:
            raise TypeError("its loader has no code")
        return code

    def _source_to_code(self, data: Any, path: str, **options: Any) -> CodeType:
        compiled = self._source_to_code_of_loader
        try:
            code: CodeType = compiled(self._tree(bytes(data)), path, **options)
        except Exception as error:  # it may want a text, as beartype does
            if is_foreign(error, in_call=True):
                raise
            code = compiled(data, path, **options)
            _warn(path, error)
        return code


def _warn(module: str, error: Exception) -> None:
    with guard:
        warn("not-rewritten", f"{module} is not rewritten: {error}", about=module)


def _compile(source: bytes | ast.Module, path: str) -> CodeType:
    code: CodeType = compile(source, path, "exec", dont_inherit=True)
    return code


def _no_stats(path: str) -> None:
    raise OSError(path)


as_importlib(_CompilesItself)
