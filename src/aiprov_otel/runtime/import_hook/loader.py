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
from contextlib import suppress
from importlib.abc import SourceLoader
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import LazyLoader, source_hash
from types import CodeType
from typing import Any, TypeAlias

from aiprov_otel.runtime import state
from aiprov_otel.runtime.guard import guard, warn
from aiprov_otel.runtime.import_hook.bytecode_cache import Cache, Rewritten
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
from aiprov_otel.runtime.import_hook.rules import Rule
from aiprov_otel.runtime.source_text import Text

GetCode: TypeAlias = Callable[[str], CodeType | None]


def observe(spec: ModuleSpec, rule: Rule) -> None:
    """Register *spec*'s module when it is loaded; rewrite it if *rule* says so."""
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
        source = source_of(self._loader, fullname)
        code = self._get_code(fullname)
        with guard:
            register(code, Text(source) if source is not None else None)
        return code


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


def source_of(loader: Any, fullname: str) -> bytes | None:
    """Returns the source that *loader* has of the module; None where it shows none."""
    with suppress(Exception):  # any loader; `get_code` raises what is wrong
        path = loader.get_filename(fullname)
        if path.endswith(".py"):
            data: bytes = loader.get_data(path)
            return data
    with suppress(Exception):
        text = loader.get_source(fullname)
        return text.encode() if text is not None else None
    return None


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


class _CompilesItself(ObservedGetCode):
    """Compiles instead of the loader; where that fails, the loader does."""

    def __init__(self, loader: Any, get_code: GetCode, rule: Rule) -> None:
        super().__init__(loader, get_code)
        self._rule = rule

    def __call__(self, fullname: str) -> CodeType | None:
        """Returns the code of the module *fullname*, rewritten if possible."""
        failure = None
        try:
            if (found := self._load(fullname)) is not None:
                REGISTRY.load(found.key, fullname, found.code, self._rule)
                with guard:
                    register(found.code, found.text)
                return found.code
        except Exception as error:  # noqa: BLE001 (Python reports the module's own mistakes)
            failure = error
        code = super().__call__(fullname)
        if failure:
            with guard:
                warn("not-rewritten", f"{fullname} is not rewritten: {failure}", about=fullname)
        return code

    def _load(self, fullname: str) -> Rewritten | None:
        path = self._loader.get_filename(fullname)
        if type(self._loader) is not SourceFileLoader:
            return self._rewrite(fullname, path)
        cache = Cache(self._loader, path, self._rule.mode)
        found = cache.load()
        if found is None and (found := self._rewrite(fullname, path)) is not None:
            cache.store(found)
        return found

    def _rewrite(self, fullname: str, path: str) -> Rewritten | None:
        from aiprov_otel.runtime.import_hook.bytecode_cache import (
            number_functions,  # most starts have a cache
        )

        if (source := source_of(self._loader, fullname)) is None:
            return None
        text = Text(source)
        key = f"aiprov_{source_hash(os.fsencode(path) + text.hash.encode()).hex()}"
        return Rewritten(number_functions(self._compiled(fullname, path, source), key), key, text)

    def _compiled(self, fullname: str, path: str, source: bytes) -> CodeType:
        return _compile(self._tree(source), path)

    def _tree(self, source: bytes) -> ast.Module:
        from aiprov_otel.runtime.import_hook.ast_rewriter import rewrite  # as above

        tree = ast.parse(source)
        rewrite(tree, source, self._rule.mode)
        return tree


class _LoaderCompiles(_CompilesItself):
    """Gives the loader a tree instead of the text; the rest is the loader's own work."""

    def __init__(self, loader: Any, get_code: GetCode, rule: Rule) -> None:
        super().__init__(loader, get_code, rule)
        self._theirs = loader.source_to_code
        loader.source_to_code = self._source_to_code
        loader.path_stats = _no_stats

    def _compiled(self, fullname: str, path: str, source: bytes) -> CodeType:
        code = self._get_code(fullname)
        if code is None:
            raise TypeError("its loader has no code")
        return code

    def _source_to_code(self, data: Any, path: str, **options: Any) -> CodeType:
        try:
            code: CodeType = self._theirs(self._tree(bytes(data)), path, **options)
        except Exception as error:  # noqa: BLE001 (it may want a text, as beartype does)
            code = self._theirs(data, path, **options)
            with guard:
                warn("not-rewritten", f"{path} is not rewritten: {error}", about=path)
        return code


def _compile(tree: ast.Module, path: str) -> CodeType:
    code: CodeType = compile(tree, path, "exec", dont_inherit=True)
    return code


def _no_stats(path: str) -> None:
    raise OSError(path)


as_importlib(_CompilesItself)
