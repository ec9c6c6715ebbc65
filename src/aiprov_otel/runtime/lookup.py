"""`provenance_of`: the provenance of anything that has code."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any

from aiprov_otel.runtime import state
from aiprov_otel.runtime.annotator import Annotator
from aiprov_otel.runtime.code import code_of
from aiprov_otel.runtime.emission import Emission
from aiprov_otel.runtime.resolver import Resolver
from aiprov_otel.values import MISSING, Provenance


def provenance_of(thing: Any) -> Provenance:
    """
    Who wrote *thing*, as far as the manifest knows.

    A function, method, class or code object is answered as a unit; a frame, a traceback, an
    exception or a text `path:line` by one line: the one that is executing, or that raised.
    `unknown` with match `missing` where no manifest has it.

    Raises:
        TypeError: *thing* has no Python code.
        ValueError: a text that is not `path:line`.
    """
    resolver = state.resolver()
    if isinstance(thing, str):
        return _of_text(resolver, thing)
    if isinstance(thing, BaseException):
        return Annotator(resolver, Emission()).raised(thing)
    if isinstance(thing, TracebackType):
        return resolver.line(thing.tb_frame.f_code, thing.tb_lineno)
    if isinstance(thing, FrameType):
        return resolver.line(thing.f_code, thing.f_lineno)
    if inspect.isclass(thing):
        return _of_class(resolver, thing)
    return resolver.unit(thing if isinstance(thing, CodeType) else code_of(_getter(thing)))


def _getter(thing: Any) -> Any:
    return thing.fget if isinstance(thing, property) else thing


def _of_text(resolver: Resolver, text: str) -> Provenance:
    path, _, number = text.rpartition(":")
    if not path or not number.isdigit():
        msg = f"{text!r} is not of the form path:line"
        raise ValueError(msg)
    file = resolver.file(str(Path(path).absolute()))
    return file.line(int(number)) if file else MISSING


def _of_class(resolver: Resolver, kind: type) -> Provenance:
    """A class is decided over the lines of its source that carry bytecode of its functions."""
    codes = [code_of(each) for each in map(_getter, vars(kind).values()) if _has_code(each)]
    file = resolver.file(codes[0].co_filename) if codes else None
    if file is None:
        return MISSING
    lines = {n for code in codes for n in file.unit_lines(code)}
    return file.lines(sorted(lines))


def _has_code(thing: Any) -> bool:
    return hasattr(getattr(thing, "__func__", thing), "__code__")
