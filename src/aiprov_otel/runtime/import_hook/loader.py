"""
The loader that was found, with one method of its own kept in sight.

Only `get_code` of that one object is replaced, so whatever class it has, and whatever else it can
do (resources, reading data, being asked what it is), stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib.abc import SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import LazyLoader
from types import CodeType
from typing import Any, TypeAlias

from aiprov_otel.runtime import state
from aiprov_otel.runtime.guard import guard
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
    from aiprov_otel.runtime.hook.rewritten import rewriting  # most hooks rewrite nothing

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
