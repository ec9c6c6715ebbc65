"""How much may be under way at once: what bounds the memory of the receiver."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class NoRoom(Exception):
    """Nothing became free in time."""


class Room:
    """Room for requests of *size* bytes in all; who finds none waits *patience* seconds."""

    def __init__(self, size: int, patience: float) -> None:
        self._size = self._free = size
        self._patience = patience
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """
        Hold *size* bytes inside the block; one that is larger than all the room waits for all.

        Raises:
            NoRoom: they did not become free in time.
        """
        size = min(size, self._size)
        with self._changed:
            if not self._changed.wait_for(lambda: self._free >= size, self._patience):
                raise NoRoom
            self._free -= size
        try:
            yield
        finally:
            with self._changed:
                self._free += size
                self._changed.notify_all()
