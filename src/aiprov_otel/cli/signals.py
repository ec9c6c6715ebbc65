"""SIGINT and SIGTERM end a verb in order, whatever a library makes of it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NoReturn

AGAIN: Final = 2.0
"""Seconds after which a signal is sent again, in case a destructor or a library swallowed it."""


@dataclass(slots=True)
class Ending:
    """The signal that came, if one did: DuckDB, for one, makes an error of its own of it."""

    number: int | None = None
    timers: list[threading.Timer] = field(default_factory=list)

    def over(self) -> None:
        """No signal is of any use any more: the verb has ended."""
        self.number = self.number or signal.SIGINT
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for timer in self.timers:
            timer.cancel()


@contextmanager
def in_order() -> Iterator[Ending]:
    """Let both signals raise KeyboardInterrupt in the block, until it is left."""
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
        # CPython remembers a KeyboardInterrupt that left an exec() (of a dataclass, say), handled
        # or not, and kills itself by SIGINT in the end, unless a later exec() went well.
        exec("")  # noqa: S102
