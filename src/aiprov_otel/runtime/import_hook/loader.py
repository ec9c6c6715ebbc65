"""
The loader that was found, with one method of its own kept in sight.

Only `get_code` of that one object is replaced, so whatever class it has, and whatever else it can
do (resources, reading data, being asked what it is), stays as it was.

A rewriting loader goes further, as far as the loader lets us: Python's own loader of files gets a
cache of ours; one that inherits from it, as typeguard's does, works on the rewritten tree and is
told no date, so that it caches none of our code; a zip is compiled here. Any other loads as ever.
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
from aiprov_otel.runtime.import_hook.counters import SLOTS
from aiprov_otel.runtime.import_hook.rules import Rule
from aiprov_otel.runtime.source_text import Text

GetCode: TypeAlias = Callable[[str], CodeType | None]


def observe(spec: ModuleSpec, rule: Rule) -> None:
    """See the code of *spec*'s module when it is loaded; have it rewritten if *rule* says so."""
    loader = _within(spec.loader)
    get_code = None if isinstance(loader, type) else getattr(loader, "get_code", None)
    if get_code is None:
        _expect(spec)
    elif not isinstance(get_code, Observed):
        try:
            loader.get_code = _observing(loader, get_code, rule)
        except AttributeError:  # an object that takes none
            _expect(spec)


def _observing(loader: Any, get_code: GetCode, rule: Rule) -> Observed:
    if not rule.rewrites:
        return Observed(loader, get_code)

    return rewriting(loader, get_code, rule)


def _within(loader: Any) -> Any:
    while isinstance(loader, LazyLoader):
        loader = loader.loader  # type: ignore[attr-defined]  # unknown to its stubs
    return loader


def _expect(spec: ModuleSpec) -> None:
    """A loader that shows no code runs the file as it is now, or nothing of ours."""
    annotator = state.annotator()
    if annotator and spec.has_location and spec.origin:
        annotator.resolver.loaded(spec.origin)


class Observed:
    """`get_code` of a loader, whose answer is seen by us too."""

    def __init__(self, loader: Any, get_code: GetCode) -> None:
        self._loader = loader
        self._get_code = get_code

    def __call__(self, fullname: str) -> CodeType | None:
        """The code of the module *fullname*, as the loader gives it."""
        source = source_of(self._loader, fullname)
        code = self._get_code(fullname)
        with guard:
            register(code, Text(source) if source is not None else None)
        return code


def register(code: CodeType | None, text: Text | None) -> None:
    """Know *code*, which is about to run, by its *text*."""
    annotator = state.annotator()
    if annotator and code:
        annotator.resolver.register(code, text)


def as_importlib(kind: type[Observed]) -> None:
    """Leave frames of *kind* out of a traceback, as Python does with those of its import system."""
    code = kind.__call__.__code__
    kind.__call__.__code__ = code.replace(co_filename=SourceLoader.get_code.__code__.co_filename)


as_importlib(Observed)


def source_of(loader: Any, fullname: str) -> bytes | None:
    """The source that *loader* has of the module; None where it has none to show."""
    with suppress(Exception):  # it may be of any kind, and says itself what is wrong, if asked
        path = loader.get_filename(fullname)
        if path.endswith(".py"):
            data: bytes = loader.get_data(path)
            return data
    with suppress(Exception):
        text = loader.get_source(fullname)
        return text.encode() if text is not None else None
    return None


def rewriting(loader: Any, get_code: GetCode, rule: Rule) -> Observed:
    """What stands in for *get_code* of *loader*, so that the functions of its modules report."""
    if isinstance(loader, SourceLoader) and type(loader) is not SourceFileLoader:
        return _Beside(loader, get_code, rule)
    if type(loader) in {SourceFileLoader, zipimport.zipimporter}:
        return _Instead(loader, get_code, rule)
    kind = type(loader).__name__
    warn("not-rewritten", f"A {kind} loads modules in a way of its own, as they are", about=kind)
    return Observed(loader, get_code)


class _Instead(Observed):
    """Compiles in the place of the loader; where that fails, the loader does it as ever."""

    def __init__(self, loader: Any, get_code: GetCode, rule: Rule) -> None:
        super().__init__(loader, get_code)
        self._rule = rule

    def __call__(self, fullname: str) -> CodeType | None:
        """The code of the module *fullname*, rewritten if that can be done."""
        wrong = None
        try:
            if (found := self._rewritten(fullname)) is not None:
                SLOTS.load(found.key, fullname, found.code, self._rule)
                with guard:
                    register(found.code, found.text)
                return found.code
        except Exception as error:  # noqa: BLE001 (of the module's own mistakes, Python is to tell)
            wrong = error
        code = super().__call__(fullname)
        if wrong:
            with guard:
                warn("not-rewritten", f"{fullname} runs as it is: {wrong}", about=fullname)
        return code

    def _rewritten(self, fullname: str) -> Rewritten | None:
        path = self._loader.get_filename(fullname)
        if type(self._loader) is not SourceFileLoader:
            return self._made(fullname, path)
        cache = Cache(self._loader, path, self._rule.mode)
        found = cache.stored()
        if found is None and (found := self._made(fullname, path)) is not None:
            cache.store(found)
        return found

    def _made(self, fullname: str, path: str) -> Rewritten | None:
        from aiprov_otel.runtime.import_hook.bytecode_cache import (
            numbered,  # most starts have a cache
        )

        if (source := source_of(self._loader, fullname)) is None:
            return None
        text = Text(source)
        key = f"aiprov_{source_hash(os.fsencode(path) + text.hash.encode()).hex()}"
        return Rewritten(numbered(self._compiled(fullname, path, source), key), key, text)

    def _compiled(self, fullname: str, path: str, source: bytes) -> CodeType:
        return _compile(self._tree(source), path)

    def _tree(self, source: bytes) -> ast.Module:
        from aiprov_otel.runtime.import_hook.ast_rewriter import rewrite  # as above

        tree = ast.parse(source)
        rewrite(tree, source, self._rule.mode)
        return tree


class _Beside(_Instead):
    """Hands the loader a tree in the place of the text; the rest is the loader's own work."""

    def __init__(self, loader: Any, get_code: GetCode, rule: Rule) -> None:
        super().__init__(loader, get_code, rule)
        self._theirs = loader.source_to_code
        loader.source_to_code = self._source_to_code
        loader.path_stats = _undated

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
                warn("not-rewritten", f"{path} runs as its loader makes it: {error}", about=path)
        return code


def _compile(tree: ast.Module, path: str) -> CodeType:
    code: CodeType = compile(tree, path, "exec", dont_inherit=True)
    return code


def _undated(path: str) -> None:
    raise OSError(path)


as_importlib(_Instead)
