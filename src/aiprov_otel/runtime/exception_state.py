"""What is known of an exception: its names, whether it was met before, whether it was logged."""

from __future__ import annotations

import os
import threading
from concurrent.futures import CancelledError
from dataclasses import dataclass
from threading import local
from typing import Any, Final, TypeGuard
from weakref import ref

ENDS: Final = (StopIteration, StopAsyncIteration)
"""How an iterator says that it is done."""

# The descriptor itself: a class may have a `__dict__` of its own making.
_MAPPING: Final[Any] = vars(BaseException)["__dict__"]
_mapping_of: Final = _MAPPING.__get__
_replace_mapping: Final = _MAPPING.__set__
_lock = threading.RLock()  # reentrant: making a mapping may run a finalizer, which may fail


@dataclass(slots=True)
class Tally:
    """How many exceptions of one kind were handled."""

    number: int = 0


class Met(dict[str, Any]):
    """
    The attributes of an exception that was met; the same mapping in all else.

    Attributes:
        counted: whether the metric has it.
        handled: what has it as one that was handled for good; None if nothing does.
        logged: whether it was sent to the logs API.

    To remember exceptions would keep their frames, and what these hold, alive; those of Python
    itself can't be referenced weakly; and the next one often has the address of the last.
    """

    counted = logged = False
    handled: Tally | None = None

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (dict(self),)  # in another process there may be none of us


def met(error: BaseException) -> Met:
    """The attributes of *error*, in which it can be noted what became of it."""
    with _lock:
        return _met(error)


def _met(error: BaseException) -> Met:
    known = _mapping_of(error)
    if type(known) is not Met:
        known = Met(known)
        _replace_mapping(error, known)
    return known


def is_failure(error: object) -> TypeGuard[Exception]:
    """Whether *error* says that something failed, and not that it was called off."""
    return isinstance(error, Exception) and is_failing(type(error))


def is_failing(kind: type[BaseException]) -> bool:
    """Whether an exception of the class *kind* is such a failure."""
    # What calls off a future of a pool is an Exception, and what calls off a task is not.
    return issubclass(kind, Exception) and not issubclass(kind, CancelledError)


def first_met(error: BaseException) -> bool:
    """
    Whether this is asked of *error*, the object, for the first time; in whatever thread.

    One that was handled is no longer: it was raised again, or logged of as if it was not.
    """
    with _lock:
        mapping = _met(error)
        first, mapping.counted = not mapping.counted, True
        if (tally := mapping.handled) is not None:
            tally.number -= 1
            mapping.handled, first = None, True
        return first


def first_handled(error: BaseException, tally: Tally) -> None:
    """Count *error* in *tally*, if it was not counted before."""
    with _lock:
        mapping = _met(error)
        if not mapping.counted:
            mapping.counted, mapping.handled = True, tally
            tally.number += 1


def type_name(error: BaseException) -> str:
    """`error.type`: the qualified name of the class; bare for a builtin."""
    return class_name(type(error))


def class_name(kind: type[BaseException]) -> str:
    """The same of a class."""
    module = kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def message_of(error: BaseException) -> str:
    """What *error* says; where it fails to, what Python prints in its place."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 (whatever the class does, the failure is to be logged)
        return "<exception str() failed>"


def _in_child() -> None:
    # A lock that another thread held at the fork would stay locked for ever.
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


class _Logging(local):
    error: ref[Met] | None = None  # a thread may log nothing more, and must keep nothing alive


_logging = _Logging()


def remember_logged(error: BaseException) -> None:
    """Note that *error* was sent to the logs API."""
    met(error).logged = True


def was_remembered(error: BaseException) -> bool:
    """Whether *error* was sent to the logs API."""
    return met(error).logged


def start_logging(error: BaseException) -> None:
    """Note that this thread logs *error*; a handler may send the record to the logs API."""
    _logging.error = ref(met(error))


def finish_logging() -> None:
    """Note that a handler sent the exception that this thread logs to the logs API."""
    if _logging.error is not None and (known := _logging.error()) is not None:
        known.logged = True
    _logging.error = None
