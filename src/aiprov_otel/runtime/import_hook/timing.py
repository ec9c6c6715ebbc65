"""
Time that a call runs, without the time in which it is suspend.

A thread has one cell: the time of the instrumented calls that ended in it. What a call adds to it
between its begin and its end is what it called, and the rest of its own time is its self time. A
call that is suspend is not on the stack: so this holds for each task, whatever else its thread
does meanwhile.

What a call awaits runs with the call paused. No frame of ours is between the two: each step is
`map` calling `resume`, the awaited object and `pause` in turn, in C, so a passing exception keeps
its traceback.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import AsyncIterator
from functools import partial
from operator import attrgetter
from time import perf_counter
from types import CoroutineType, GeneratorType
from typing import Any, Final

from aiprov_otel.runtime.import_hook.counters import SELF_TIME, TIME, Row
from aiprov_otel.runtime.interrupts import is_foreign


class _Cells(threading.local):
    def __init__(self) -> None:
        self.cell = [0.0]


CELLS: Final = _Cells()
here: Final = partial(getattr, CELLS, "cell")
"""The cell of this thread, without a frame of Python's."""


class Running:
    """One call of a generator or a coroutine, while it runs and while it does not."""

    __slots__ = ("_before", "_began", "_cell", "row", "running")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.running = False
        self.resume()

    def resume(self, value: Any = True) -> Any:
        """Run from here on, perhaps in another thread than before; returns *value*."""
        if not self.running:
            self.running = True
            self._cell = cell = CELLS.cell
            self._before = cell[0]
            self._began = perf_counter()
        return value

    def pause(self, _: Any = True, value: Any = None) -> Any:
        """Be suspended, or end; returns *value*, which is yielded now."""
        if self.running:
            self.running = False
            spent = perf_counter() - self._began
            row, cell, before = self.row, self._cell, self._before
            row[TIME] += spent
            row[SELF_TIME] += spent - cell[0] + before
            cell[0] = before + spent
        return value

    finish: Any = pause  # what a subclass does at the end, which may be an attribute of the object


def suspend(running: Running, resumed: Any, value: Any) -> Any:
    """Returns *value*, which is yielded now by a function that may have spans."""
    return running.pause(resumed, value)


def resume(running: Running, value: Any) -> Any:
    """Returns *value*, with which the caller resumes such a function."""
    return running.resume(value)


_NEVER: Final = object()


def _attribute(name: str) -> property:
    return property(attrgetter(f"of.{name}"))


class Steps(map):  # type: ignore[type-arg]  # its stubs know it as generic, and Python does not
    """The steps of an iterator, which passes for the coroutine or the generator that it is of."""

    __slots__ = ("of",)
    of: Any
    __class__, send, throw, close = map(_attribute, ("__class__", "send", "throw", "close"))
    # In C: of what a signal handler raises in `__await__`, Python would make a TypeError.
    __await__ = map.__iter__

    def __getattr__(self, name: str) -> Any:
        return getattr(self.of, name)


def steps(running: Running, awaited: Any) -> Any:
    """Returns the steps of `await awaited`; *awaited* itself where Python is to raise."""
    inner = _awaitable(awaited)
    return awaited if inner is None else _steps(running, inner, awaited)


def delegate(running: Running, iterable: Any) -> Any:
    """The same for `yield from iterable`."""
    if isinstance(iterable, CoroutineType) or not hasattr(type(iterable), "__iter__"):
        return iterable
    inner = iter(iterable)
    return _steps(running, inner, inner)


def _steps(running: Running, inner: Any, awaited: Any) -> Steps:
    wrapped = Steps(running.pause, iter(running.resume, _NEVER), inner)
    wrapped.of = awaited if isinstance(awaited, CoroutineType) else inner
    return wrapped


def _awaitable(awaited: Any) -> Any:
    if isinstance(awaited, CoroutineType):
        # Python refuses one that waits already, in its own words.
        return awaited.__await__() if awaited.cr_await is None else None
    if isinstance(awaited, GeneratorType):
        return awaited if awaited.gi_code.co_flags & inspect.CO_ITERABLE_COROUTINE else None
    method = getattr(type(awaited), "__await__", None)
    inner = method(awaited) if method else None
    return inner if hasattr(type(inner), "__next__") else None


class Each:
    """An asynchronous iterable whose steps are awaited like that."""

    __slots__ = ("_inner", "_running")

    def __init__(self, running: Running, inner: Any) -> None:
        self._running = running
        self._inner = inner

    def __aiter__(self) -> AsyncIterator[Any]:
        self._inner = type(self._inner).__aiter__(self._inner)
        return self if hasattr(type(self._inner), "__anext__") else self._inner

    def __anext__(self) -> Any:
        awaited = type(self._inner).__anext__(self._inner)
        try:
            return steps(self._running, awaited)
        except Exception as error:
            if is_foreign(error, in_call=True):
                raise
            return awaited  # Python raises it again, in its own words


def each(running: Running, iterable: Any) -> Any:
    """Returns what `async for … in iterable` iterates over."""
    return Each(running, iterable) if hasattr(type(iterable), "__aiter__") else iterable


class Around:
    """An asynchronous context manager that is entered and left like that."""

    __slots__ = ("_inner", "_running")

    def __init__(self, running: Running, inner: Any) -> None:
        self._running = running
        self._inner = inner

    def __aenter__(self) -> Any:
        return steps(self._running, type(self._inner).__aenter__(self._inner))

    def __aexit__(self, *raised: Any) -> Any:
        return steps(self._running, type(self._inner).__aexit__(self._inner, *raised))


def around(running: Running, manager: Any) -> Any:
    """Returns what `async with manager` enters."""
    kind = type(manager)
    whole = hasattr(kind, "__aenter__") and hasattr(kind, "__aexit__")
    return Around(running, manager) if whole else manager
