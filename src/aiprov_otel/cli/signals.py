"""SIGINT and SIGTERM end a verb cleanly, whatever a library does with the exception."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NoReturn

AGAIN: Final = 2.0
"""Seconds until a signal is sent again, in case a destructor or a library swallowed it."""


@dataclass(slots=True)
class Ending:
    """The signal that arrived, if one did: DuckDB, for one, raises an error of its own instead."""

    number: int | None = None
    timers: list[threading.Timer] = field(default_factory=list)

    def over(self) -> None:
        """Ignore further signals: the verb has ended."""
        self.number = self.number or signal.SIGINT
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for timer in self.timers:
            timer.cancel()


@contextmanager
def in_order() -> Iterator[Ending]:
    """Make both signals raise KeyboardInterrupt within the block."""
    ending = Ending()

    def end(number: int, _: object) -> NoReturn:
        ending.number = number
        again = threading.Timer(AGAIN, os.kill, (os.getpid(), number))
        again.daemon = True
        ending.timers.append(again)
        again.start()
        raise KeyboardInterrupt

    previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ending
    finally:
        for timer in ending.timers:
            timer.cancel()
        for number, handler in previous.items():
            signal.signal(number, handler)
        # CPython remembers a KeyboardInterrupt that left an exec() (as dataclasses use), even if it
        # was handled, and kills itself by SIGINT at exit, unless a later exec() succeeds.
        exec("")  # noqa: S102
