"""Waits for events, with a limit that only a hanging test reaches."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

PATIENCE: Final = 120
"""Seconds after which an event is taken not to come, on a machine with much else to do."""


def until(true: Callable[[], Any], what: str, seconds: float = PATIENCE) -> None:
    """Wait for *what*, which has happened once *true* returns something true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)
