"""
Distinguishes exceptions of the application that arrive while we run from failures of our own.

A signal handler, or `PyThreadState_SetAsyncExc`, raises in whatever code is running, so also in
ours. Such an exception belongs to the application and is never swallowed, except a builtin one that
`PyThreadState_SetAsyncExc` raises in our own code: it can't be distinguished from a failure of
ours.
"""

from __future__ import annotations

import inspect
import signal
import sys
from collections.abc import Iterator
from itertools import pairwise
from types import CodeType, FrameType
from typing import Any, Final

from aiprov_otel.runtime import libraries

_OURS: Final = ("aiprov_otel", "opentelemetry", "wrapt")
"""Packages whose failures are ours to handle, beside the standard library's."""
_TRACEBACK: Final[Any] = vars(BaseException)["__traceback__"]
_MODULE: Final[Any] = vars(type)["__module__"]
_VARARGS: Final = inspect.CO_VARARGS


def is_foreign(error: BaseException, *, in_call: bool = False) -> bool:
    """
    Whether *error*, which reached a guard of ours, belongs to the application.

    With *in_call*, the guard is around a call of code that is not ours: a failure of that code
    stops here, and only what a signal handler raised, or what was raised in no frame at all, is the
    application's.
    """
    if issubclass(type(error), MemoryError):
        return True  # the process has no memory left, whichever code needed it
    below = list(_frames(error))[1:]  # the first is that of the guard itself
    foreign = [frame for frame in below if not _is_ours(frame)]
    if not foreign:
        return not _is_known(_MODULE.__get__(type(error)))
    if foreign[-1] is below[-1] and not in_call:
        return True
    return any(map(_is_signal_handler, foreign))


def _frames(error: BaseException) -> Iterator[FrameType]:
    """The frames that *error* passed through."""
    # Through the descriptor: a class may have a `__traceback__` of its own making.
    step = _TRACEBACK.__get__(error)
    while step is not None:
        yield step.tb_frame
        step = step.tb_next


def _is_ours(frame: FrameType) -> bool:
    """Whether *frame* runs code of ours, of the SDK, or of the standard library."""
    name = frame.f_globals.get("__name__")
    if type(name) is not str:
        return False
    package = name.partition(".")[0]
    if package in _OURS:
        return True
    filename = frame.f_code.co_filename
    return package in sys.stdlib_module_names and (
        filename.startswith("<frozen ") or libraries.is_stdlib(filename)
    )


def _is_known(module: object) -> bool:
    """Whether *module* names one of ours, of the SDK, or of the standard library."""
    if type(module) is not str:
        return False
    package = module.partition(".")[0]
    return package in _OURS or package in sys.stdlib_module_names


def _is_signal_handler(frame: FrameType) -> bool:
    """Whether *frame* runs a handler of a signal: one that is set, or that looks like one."""
    return frame.f_code in _handlers() or _has_arguments_of_a_handler(frame)


def _handlers() -> Iterator[CodeType]:
    for number in signal.valid_signals():
        handler: Any = signal.getsignal(number)
        code = getattr(getattr(handler, "__func__", handler), "__code__", None)
        if isinstance(code, CodeType):
            yield code


def _has_arguments_of_a_handler(frame: FrameType) -> bool:
    """Whether *frame* was called with the number of a signal and a frame, as a handler is."""
    code, values = frame.f_code, frame.f_locals
    names = code.co_varnames[: code.co_argcount + bool(code.co_flags & _VARARGS)]
    arguments = [values.get(name) for name in names]
    if code.co_flags & _VARARGS and arguments and isinstance(arguments[-1], tuple):
        arguments[-1:] = arguments[-1]
    return any(
        isinstance(second, FrameType) and type(first) is int
        for first, second in pairwise(arguments)
    )
