"""Methods replaced while the library is installed, and put back afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Patches:
    """
    Methods that were replaced, and are put back together.

    After `undo` nothing more is replaced, so a module that is imported later is left alone.
    """

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []
        self._closed = False

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Let `owner.name` be `make(original)`."""
        if self._closed:
            return
        own = name in vars(owner)
        original = getattr(owner, name)
        ours = make(original)
        setattr(owner, name, ours)

        def undo() -> None:
            # Below a patch of another tool ours stays, and does nothing.
            if vars(owner).get(name) is ours:
                setattr(owner, name, original) if own else delattr(owner, name)

        self._undo.append(undo)

    def undo(self) -> None:
        """Put every original back."""
        self._closed = True
        while self._undo:
            self._undo.pop()()
