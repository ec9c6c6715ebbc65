"""What instrumented code calls: it stands in each list of counts, so that it needs no name."""

from __future__ import annotations

import collections
import sys
from collections.abc import Callable, Iterable
from enum import IntEnum
from operator import is_
from time import perf_counter
from typing import Any, Final

from aiprov_otel.runtime.import_hook.call_spans import begun, ended, finished
from aiprov_otel.runtime.import_hook.counters import LEAST, OPEN, counts_of
from aiprov_otel.runtime.import_hook.swallowed import split, swallowed
from aiprov_otel.runtime.import_hook.timing import (
    Running,
    around,
    delegated,
    each,
    here,
    resumed,
    steps,
    suspended,
)


def _count(counts: dict[Any, int], things: Iterable[Any]) -> None:
    for thing in things:
        counts[thing] = counts.get(thing, 0) + 1


# In C it needs no room on the stack, which an error may tell to be full, and is not interrupted.
count: Final[Callable[[dict[Any, int], Iterable[Any]], None]] = getattr(
    collections, "_count_elements", _count
)


class Tool(IntEnum):
    """Where in a list of counts each stands, after what is the function's own."""

    OPEN = OPEN
    LEAST = LEAST
    HERE = 8
    CLOCK = 9
    ERROR = 10
    COUNT = 11
    CLASS = 12
    CURRENT = 13
    BEGIN = 14
    SUSPENDED = 15
    RESUMED = 16
    END = 17
    STEPS = 18
    DELEGATED = 19
    EACH = 20
    AROUND = 21
    ENDS = 22
    BEGUN = 23
    ENDED = 24
    FULL = 25
    SWALLOWED = 26
    SPLIT = 27


TOOLS: Final = (
    here,
    perf_counter,
    Exception,  # which have ended in order all the same, is told when they are collected
    count,
    type,
    sys.exception,
    Running,
    suspended,
    resumed,
    Running.pause,
    steps,
    delegated,
    each,
    around,
    (is_, finished),  # chosen by a number: a branch would be a line; the first does nothing, in C
    begun,
    ended,
    (RecursionError, MemoryError),
    swallowed,
    split,
)

ELSEWHERE: Final = counts_of(None)
"""The list of any function whose code was sent to a process that counts nothing."""
