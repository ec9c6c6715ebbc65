"""`provenance_of`: the provenance of anything that has code."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import CodeType, FrameType, FunctionType, TracebackType
from typing import Any

from aiprov_otel.runtime import state
from aiprov_otel.runtime.annotator import Annotator, Emission
from aiprov_otel.runtime.callables import code_of, function_of
from aiprov_otel.runtime.resolver import Resolver
from aiprov_otel.values import MISSING, Provenance


def provenance_of(thing: Any) -> Provenance:
    """
    Returns who wrote *thing*, as far as the manifest knows.

    A function, method, class or code object is one unit; a frame, a traceback, an exception or a
    text `path:line` is one line: the one that is executing, or that raised.
    `unknown` with match `missing` where no manifest has it.

    Raises:
        TypeError: *thing* has no Python code.
        ValueError: a text is not of the form `path:line`.
    """
    resolver = state.resolver()
    provenance = _look_up(resolver, thing)
    # Who asks here waits for a file; a span, an exception or a log record does not.
    return _look_up(resolver, thing) if resolver.read_pending() else provenance


def _look_up(resolver: Resolver, thing: Any) -> Provenance:
    if isinstance(thing, str):
        return _of_text(resolver, thing)
    if isinstance(thing, BaseException):
        return Annotator(resolver, Emission()).raised(thing)
    if isinstance(thing, TracebackType):
        return Annotator(resolver, Emission()).traceback(thing)
    if isinstance(thing, FrameType):
        return resolver.line(thing.f_code, thing.f_lineno)
    if inspect.isclass(thing):
        return _of_class(resolver, thing)
    return resolver.unit(thing if isinstance(thing, CodeType) else code_of(thing))


def _of_text(resolver: Resolver, text: str) -> Provenance:
    path, _, number = text.rpartition(":")
    if not path or not number.isdigit():
        msg = f"{text!r} is not of the form path:line"
        raise ValueError(msg)
    file = resolver.file(str(Path(path).absolute()))
    return file.line(int(number)) if file else MISSING


def _of_class(resolver: Resolver, kind: type) -> Provenance:
    """A class is decided over the lines that carry the bytecode of its functions."""
    functions = [function for each in vars(kind).values() if (function := _method(each))]
    codes = [each.__code__ for each in functions if each.__module__ == kind.__module__]
    # A dataclass has functions that are not in any file.
    ours = [(code, file) for code in codes if (file := resolver.file(code.co_filename))]
    if not ours:
        return MISSING
    _, file = ours[0]
    return file.lines({n for code, its in ours if its is file for n in file.unit_lines(code)})


def _method(thing: Any) -> FunctionType | None:
    return None if inspect.isclass(thing) else function_of(thing)
