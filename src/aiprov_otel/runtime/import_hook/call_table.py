"""
What instrumented code calls: each row of counters holds it, so that it needs no name.

The registry of the rows is here, above everything that a row holds.
"""

from __future__ import annotations

import atexit
import builtins
import collections
import gc
import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError
from math import inf
from operator import is_, methodcaller, not_
from time import perf_counter
from typing import Any, Final

from aiprov_otel.attributes import OTHER
from aiprov_otel.runtime.exception_state import ENDS
from aiprov_otel.runtime.import_hook.counters import (
    CALLS,
    ERRORS,
    FUNCTION_NAMES,
    LEAST,
    MODULE,
    NAME,
    NAMED_ERRORS,
    OPEN,
    SELF_TIME,
    TIME,
    Module,
    Registry,
    Row,
)
from aiprov_otel.runtime.import_hook.pending_spans import (
    begin,
    earn_spans,
    open_call,
)
from aiprov_otel.runtime.import_hook.swallowed import FULL, count_handled, count_split
from aiprov_otel.runtime.import_hook.timing import (
    Running,
    around,
    delegate,
    each,
    here,
    resume,
    steps,
    suspend,
)


def _count(counts: dict[Any, int], things: Iterable[Any]) -> None:
    for thing in things:
        counts[thing] = counts.get(thing, 0) + 1


# In C it needs no room on the stack, which is full after some errors, and is not interrupted.
count: Final[Callable[[dict[Any, int], Iterable[Any]], None]] = getattr(
    collections, "_count_elements", _count
)


class _Clock:
    """`-clock` is the time. After a call, Python takes signals; after an operator, it does not."""

    __slots__ = ()
    __neg__ = staticmethod(perf_counter)


_CALLED: Final[dict[str, Any]] = {
    "HERE": here,
    "CLOCK": _Clock(),
    "CALLED_OFF": (*ENDS, CancelledError),
    "ERROR": Exception,
    "COUNT": count,
    "SIZE": len,
    "MOST": NAMED_ERRORS,
    "OTHER": OTHER,
    "NAME": type.__repr__,  # in C too, whatever the metaclass
    "CLASS": type,
    "CURRENT": sys.exception,
    "BEGIN": Running,
    "SUSPENDED": Running.pause,
    "RESUMED": Running.resume,
    "SUSPENDED_SPANNED": suspend,
    "RESUMED_SPANNED": resume,
    "END": Running.pause,
    "STEPS": steps,
    "DELEGATED": delegate,
    "EACH": each,
    "AROUND": around,
    # Chosen by a number: a branch would be a line. All but the second run in C.
    "ENDS": (is_, earn_spans, next, next),
    "BEGIN_SPANNED": begin,
    "END_SPANNED": methodcaller("finish"),
    "FULL": FULL,
    "SWALLOWED": count_handled,
    "SPLIT": count_split,
}

INDEX: Final[dict[str, int]] = {
    "CALLS": CALLS,
    "TIME": TIME,
    "SELF_TIME": SELF_TIME,
    "ERRORS": ERRORS,
    "OPEN": OPEN,
    "LEAST": LEAST,
    **{name: number for number, name in enumerate(_CALLED, MODULE + 1)},
}
"""The index in a row of each name in the templates."""


def row_of(module: Module | None) -> Row:
    """What a function of *module* begins with; None is for one that counts nowhere."""
    errors = {} if module is None else module.errors
    least = None if module is None else module.rule.least
    # Where no call may have a span, `not_` of the row is False, in C.
    opens = open_call if least == 0 else not_
    row = [0, 0.0, 0.0, errors, opens, inf if least is None else least, None, module]
    return [*row, *_CALLED.values()]


REGISTRY: Final = Registry(row_of)

ELSEWHERE: Final = row_of(None)
"""The row of any function whose code was sent to a process that counts nothing."""


@atexit.register
def _keep_builtin() -> None:
    """Be there for the last finalizers: before these, Python puts back its first built-in names."""
    for names in gc.get_referrers(builtins.__build_class__):
        if type(names) is dict and names.get("__name__") == builtins.__name__:
            names.setdefault(NAME, REGISTRY.rows)


def _in_child() -> None:
    FUNCTION_NAMES.reset_lock()
    REGISTRY.clear_counts()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
