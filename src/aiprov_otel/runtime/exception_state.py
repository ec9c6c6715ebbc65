"""What is known of an exception: its names, whether it was counted, recorded and logged."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial
from threading import local
from typing import Any, Final, TypeGuard
from weakref import ref

from aiprov_otel.runtime.interrupts import is_foreign

ENDS: Final = (StopIteration, StopAsyncIteration)
"""How an iterator ends."""

# The descriptors themselves: a class may have attributes of its own making, which may even raise.
_attributes_of: Final = vars(BaseException)["__dict__"].__get__
traceback_of: Final[Any] = vars(BaseException)["__traceback__"].__get__
"""The traceback of an exception, even if its class overrides it."""
cause_of: Final[Any] = vars(BaseException)["__cause__"].__get__
"""The explicit cause of an exception, even if its class overrides it."""
context_of: Final[Any] = vars(BaseException)["__context__"].__get__
"""What was being handled when an exception was raised, even if its class overrides it."""
MEMBERS: Final = 1_000
"""Members of a group that are looked at; a larger one is decided over so many."""
members_of: Final[Any] = vars(BaseExceptionGroup)["exceptions"].__get__
"""The members of an exception group, even if its class overrides it."""
_module_of: Final[Any] = vars(type)["__module__"].__get__
_mro_of: Final[Any] = vars(type)["__mro__"].__get__
_name_of: Final[Any] = vars(type)["__name__"].__get__
_qualname_of: Final[Any] = vars(type)["__qualname__"].__get__


def is_group(error: BaseException) -> bool:
    """Whether *error* is an exception group, even if its `__class__` differs."""
    return issubclass(type(error), BaseExceptionGroup)


def leaves_of(group: BaseException) -> Iterator[BaseException]:
    """The exceptions in *group*, at any depth, that are not groups; a thousand at most."""
    pending, seen = [group], set[int]()
    while pending and len(seen) < MEMBERS:
        error = pending.pop()
        if id(error) in seen:  # a class may list a group as a member of itself
            continue
        seen.add(id(error))
        if is_group(error):
            pending.extend(reversed(members_of(error)))
        else:
            yield error


@dataclass(slots=True)
class Tally:
    """How many exceptions of one kind were handled."""

    number: int = 0


@dataclass(slots=True, eq=False)
class State:
    """
    What became of one exception.

    Attributes:
        counted: whether the metric has it.
        handled: what has it as one that was handled; None if nothing does.
        logged: whether it was sent to the logs API.
        recorded: whether a span has it as an event.
        pending: what waits for its outcome; None if nothing does.
        call: the outgoing call that it failed, where no span is around that; None without one.
        trace: the last trace in which a span of ours recorded it.
        answer: what the annotator found of it, for which cause and steps of its traceback.
    """

    counted: bool = False
    handled: Tally | None = None
    logged: bool = False
    recorded: bool = False
    pending: Any = None
    call: Any = None
    trace: int | None = None
    answer: tuple[Any, ...] = ()


class _States:
    """
    The state of each exception that is alive; the exception itself is not touched, or kept alive.

    Exceptions of classes that are written in Python are referenced weakly. Builtin ones can't be:
    of these the `__dict__` is kept, by which they are recognized, and dropped at the next exception
    after a garbage collection, where nothing else refers to it any more.

    What Python calls as a reference dies, or after a collection, is not written in Python: there,
    each signal handler whose signal came during a collection would run, and what it raises end.
    """

    LIMIT: Final = 10_000
    """Builtin exceptions that are known at once, where references can't be counted."""

    def __init__(self) -> None:
        self._weak: dict[int, tuple[ref[BaseException], State]] = {}
        self._kept: dict[int, tuple[dict[str, Any], State]] = {}
        self.collections: dict[str, object] = {}
        """By phase, the garbage collections since the last sweep."""
        self._sweep_at = 16
        self._unreferenced = self._references([{}])

    def of(self, error: BaseException) -> State:
        """The state of *error*, the object."""
        if self.collections:
            self.collections.clear()
            self.sweep()
        key = id(error)
        if (weak := self._weak.get(key)) is not None and weak[0]() is error:
            return weak[1]
        if (kept := self._kept.get(key)) is not None and kept[0] is _attributes_of(error):
            return kept[1]
        state = State()
        try:
            self._weak[key] = (ref(error, partial(self._weak.pop, key)), state)
        except TypeError:
            if len(self._kept) >= self._sweep_at:
                self.sweep()
            self._kept[key] = (_attributes_of(error), state)
        return state

    def sweep(self) -> None:
        """Forget the builtin exceptions that nothing else references."""
        for key, entry in list(self._kept.items()):
            # Another sweep may have been here meanwhile, and another exception have the same id.
            if self._references(entry) <= self._unreferenced and self._kept.get(key) is entry:
                self._kept.pop(key, None)
        if len(self._kept) >= self.LIMIT:
            self._kept.clear()
        self._sweep_at = max(16, 2 * len(self._kept))

    @staticmethod
    def _references(entry: Any) -> int:
        """The references to the first item of *entry*, as this counts them."""
        return sys.getrefcount(entry[0])


_states = _States()
_lock = threading.RLock()  # reentrant: making an entry may run a finalizer, which may fail


gc.callbacks.append(_states.collections.__setitem__)


def state_of(error: BaseException) -> State:
    """The state of *error*, in which it can be noted what became of it."""
    with _lock:
        return _states.of(error)


def is_failure(error: object) -> TypeGuard[Exception]:
    """Whether *error* is a failure, not a cancellation."""
    return is_failing(type(error))


def is_failing(kind: type) -> bool:
    """Whether an exception of the class *kind* is such a failure."""
    # What cancels a future of a pool is an Exception; what cancels a task is not.
    return issubclass(kind, Exception) and not issubclass(kind, CancelledError)


def first_met(error: BaseException) -> bool:
    """
    Whether this is called with *error*, the object, for the first time; in whatever thread.

    An exception that was handled before counts as new: it was raised or logged again.
    """
    with _lock:
        state = _states.of(error)
        first, state.counted = not state.counted, True
        if (tally := state.handled) is not None:
            tally.number -= 1
            state.handled, first = None, True
            state.recorded = False
        return first


def first_handled(error: BaseException, tally: Tally) -> None:
    """Count *error* in *tally*, if it was not counted before."""
    with _lock:
        state = _states.of(error)
        if not state.counted:
            state.counted, state.handled = True, tally
            tally.number += 1


def let_go(state: State, tally: Tally) -> None:
    """Count the exception of *state* in *tally*, unless more becomes of it: see `first_met`."""
    with _lock:
        state.handled = tally
        tally.number += 1


def first_recorded(error: BaseException, trace: int) -> bool:
    """Whether no span of ours in *trace* has recorded *error* yet."""
    with _lock:
        state = _states.of(error)
        first, state.trace = state.trace != trace, trace
        return first


def type_name(error: BaseException) -> str:
    """`error.type`: the qualified name of the class; bare for a builtin."""
    return class_name(type(error))


def class_name(kind: type[BaseException]) -> str:
    """The same of a class."""
    module, name = _module_of(kind), _qualname_of(kind)
    return f"{module}.{name}" if type(module) is str and module != "builtins" else str(name)


def class_names(error: BaseException) -> Iterator[str]:
    """The same of the class of *error* and those that it inherits from."""
    return map(class_name, _mro_of(type(error)))


def bare_name(error: BaseException) -> str:
    """The name of the class, without its module, even if its metaclass answers nothing."""
    return str(_name_of(type(error)))


def message_of(error: BaseException) -> str:
    """The message of *error*; where its class fails to give one, what Python prints instead."""
    try:
        return str(error)
    except Exception as failed:
        if is_foreign(failed, in_call=True):
            raise
        return "<exception str() failed>"


def _in_child() -> None:
    # A lock that another thread held at the fork would stay locked for ever.
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


class _Logging(local):
    state: State | None = None


_logging = _Logging()


def remember_logged(error: BaseException) -> None:
    """Note that *error* was sent to the logs API."""
    state_of(error).logged = True


def was_remembered(error: BaseException) -> bool:
    """Whether *error* was sent to the logs API."""
    return state_of(error).logged


def start_logging(error: BaseException) -> None:
    """Note that this thread logs *error*; a handler may send the record to the logs API."""
    _logging.state = state_of(error)


def is_logging() -> bool:
    """Whether this thread logs an exception that no handler has sent to the logs API yet."""
    return _logging.state is not None


def finish_logging() -> None:
    """Note that a handler sent the exception that this thread logs to the logs API."""
    if _logging.state is not None:
        _logging.state.logged = True
    _logging.state = None
