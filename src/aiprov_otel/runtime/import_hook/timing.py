"""
Time that a call runs, without the time in which it is suspended.

A thread has one cell: the time of the instrumented calls that ended in it. What a call adds to it
between its begin and its end is what it called, and the rest of its own time is its self time. A
call that is suspended is not on the stack: so this holds for each task, whatever else its thread
does meanwhile.
"""

from __future__ import annotations

import threading
from functools import partial
from time import perf_counter
from typing import Any, Final

from aiprov_otel.runtime.import_hook.counters import SELF_TIME, TIME


class _Cells(threading.local):
    def __init__(self) -> None:
        self.cell = [0.0]


CELLS: Final = _Cells()
here: Final = partial(getattr, CELLS, "cell")
"""The cell of this thread, without a frame of Python's."""


class Running:
    """One call of a generator or a coroutine, while it runs and while it does not."""

    __slots__ = ("_before", "_began", "_cell", "counts", "running")

    def __init__(self, counts: list[Any]) -> None:
        self.counts = counts
        self.running = False
        self.resume()

    def resume(self) -> bool:
        """It runs from now on, perhaps in another thread than before."""
        if not self.running:
            self.running = True
            self._cell = here()
            self._before = self._cell[0]
            self._began = perf_counter()
        return True

    def pause(self) -> None:
        """It is suspended, or ends."""
        if self.running:
            self.running = False
            spent = perf_counter() - self._began
            self.counts[TIME] += spent
            self.counts[SELF_TIME] += spent - self._cell[0] + self._before
            self._cell[0] = self._before + spent


def suspended(running: Running, value: Any) -> Any:
    """*value*, which is yielded now."""
    running.pause()
    return value


def resumed(running: Running, value: Any) -> Any:
    """*value*, with which it goes on."""
    running.resume()
    return value
