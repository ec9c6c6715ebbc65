"""What instrumented code calls: a tuple among its constants, so that it needs no name for it."""

from __future__ import annotations

import collections
import sys
from collections.abc import Callable, Iterable
from enum import IntEnum
from operator import is_
from time import perf_counter_ns
from typing import Any, Final

from aiprov_otel.runtime.hook.awaiting import around, delegated, each, steps
from aiprov_otel.runtime.hook.running import Running, here, resumed, suspended
from aiprov_otel.runtime.hook.spanning import begun, ended, finished
from aiprov_otel.runtime.hook.swallowed import split, swallowed


def _count(counts: dict[Any, int], things: Iterable[Any]) -> None:
    for thing in things:
        counts[thing] = counts.get(thing, 0) + 1


# In C it needs no room on the stack, which an error may tell to be full, and is not interrupted.
count: Final[Callable[[dict[Any, int], Iterable[Any]], None]] = getattr(
    collections, "_count_elements", _count
)


class Tool(IntEnum):
    """Where in `TOOLS` each stands; the first two would be looked up by the compiler."""

    HERE = 2
    CLOCK = 3
    ERROR = 4
    COUNT = 5
    CLASS = 6
    CURRENT = 7
    BEGIN = 8
    SUSPENDED = 9
    RESUMED = 10
    END = 11
    STEPS = 12
    DELEGATED = 13
    EACH = 14
    AROUND = 15
    ENDS = 16
    BEGUN = 17
    ENDED = 18
    FULL = 19
    SWALLOWED = 20
    SPLIT = 21


TOOLS: Final = (
    None,
    None,
    here,
    perf_counter_ns,
    Exception,  # neither GeneratorExit and CancelledError nor KeyboardInterrupt and SystemExit
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
