"""SIGINT and SIGTERM end a verb cleanly, whatever a library does with the exception."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

DEADLINE: Final = 1.5
"""Seconds from a signal until the process is ended, where the verb has not ended by then."""

_ENDING: Final = frozenset({signal.SIGINT, signal.SIGTERM})
AGAIN: Final = 2.0
"""Seconds until a signal is sent again, in case a destructor or a library swallowed it."""


class Ending:
    """The signal that arrived, if one did: DuckDB, for one, raises an error of its own instead."""

    def __init__(self) -> None:  # no dataclass: to import those takes a sixth of `aiprov --help`
        self.number: int | None = None
        self.timers: list[threading.Timer] = []

    def over(self) -> None:
        """Ignore further signals: the verb has ended."""
        self.number = self.number or signal.SIGINT
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for timer in self.timers:
            timer.cancel()


@contextmanager
def ends_soon(seconds: float = DEADLINE) -> Iterator[None]:
    """
    Make a signal end the process after *seconds*, unless the block has ended by then.

    Python runs signal handlers in the main thread, which may be in a query or wait for a lock, so
    another thread watches for signals. Nothing is lost: what was acknowledged is on disk.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    left = threading.Event()

    def watch() -> None:
        # Delivered here, a signal would interrupt an import for which the main thread blocks it.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        while number := os.read(reader, 1):
            if number[0] in _ENDING and not left.wait(seconds):
                os._exit(128 + number[0])
        os.close(reader)

    threading.Thread(target=watch, name="aiprov-signals", daemon=True).start()
    previous = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        left.set()
        os.close(writer)


@contextmanager
def ends_later() -> Iterator[None]:
    """Suspend `ends_soon`: in the block, signals are for another process."""
    previous = signal.set_wakeup_fd(-1)
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous, warn_on_full_buffer=False)


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

    def report(unraisable: sys.UnraisableHookArgs) -> None:
        # Raised in a destructor, it is lost, and the signal comes again.
        if not (ending.number and unraisable.exc_type is KeyboardInterrupt):
            reported(unraisable)

    previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    reported, sys.unraisablehook = sys.unraisablehook, report
    try:
        yield ending
    finally:
        sys.unraisablehook = reported
        for timer in ending.timers:
            timer.cancel()
        for number, handler in previous.items():
            signal.signal(number, handler)
        # CPython remembers a KeyboardInterrupt that left an exec() (as dataclasses use), even if it
        # was handled, and kills itself by SIGINT at exit, unless a later exec() succeeds.
        exec("")  # noqa: S102
