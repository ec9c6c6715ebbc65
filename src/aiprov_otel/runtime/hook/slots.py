"""
What is counted about each function: a slot, which its code holds among its constants.

Instrumented code adds to `counts` with plain operators and no call between reading and writing,
which threads of a build with the GIL can't come between; so there is no lock on any call.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from operator import not_
from types import CodeType
from typing import Any, Final

from aiprov_otel.attributes import OTHER
from aiprov_otel.runtime.calls import Site

CALLS, TIME, SELF_TIME, ERRORS = range(4)
"""Where in `counts` they stand: calls, nanoseconds, nanoseconds, and calls by the error's class."""

NAMED: Final = 2_000
"""Functions that metrics name, where they are asked to; the others are one."""

COUNTS, OPEN, LEAST, ON = range(2, 6)
"""
Where in a slot stand its counts, what opens a call that may have a span, the nanoseconds from
which on a call earns them, and whether anything counts; an index below would be looked up by the
compiler.
"""


@dataclass(frozen=True, slots=True)
class Spanned:
    """What makes the spans of a function, and the nanoseconds that a call with a span takes."""

    site: Site
    least: int


class Slot(list[Any]):
    """
    The counts of one function, and which it is.

    A list because code reads an item of it without a name; hashable because code must be.

    Attributes:
        code: the function, as it runs; None until it was loaded.
        module: the name of its module.
        qualname: its own, `Cart.total`.
        reported: what metrics call it; None unless they were asked to name functions.
        least: nanoseconds that a call with a span takes; None where there are no spans.
        spanned: what its spans are made by; None until it has earned them.
    """

    __slots__ = ("_kept", "code", "least", "module", "qualname", "reported", "spanned")
    __hash__ = object.__hash__  # type: ignore[assignment]  # a list has none
    __eq__ = object.__eq__

    def __init__(self, module: str, qualname: str) -> None:
        self._kept: list[Any] = [0, 0, 0, {}]
        super().__init__((None, None, self._kept, not_, inf, True))
        self.module = module
        self.qualname = qualname
        self.code: CodeType | None = None
        self.reported: str | None = None
        self.least: int | None = None
        self.spanned: Spanned | None = None

    @property
    def counts(self) -> list[Any]:
        """What was counted while the slot was on."""
        return self._kept

    def runs(self, code: CodeType) -> None:
        """Stand for *code*, and count; a slot is on from its beginning."""
        self.code, self[ON], self[COUNTS] = code, True, self._kept
        if self.least is not None:
            self.turn(on=True)

    def turn(self, *, on: bool) -> None:
        """Count the calls that begin from now on, or count them nowhere and make no spans."""
        self[ON], self[COUNTS] = on, self._kept if on else [0, 0, 0, {}]
        self[LEAST] = inf if self.least is None or not on else self.least
        # Nothing is opened by what is there anyway, in C, and says no: a branch would be a line.
        self[OPEN], self.spanned = not_, None
        if not self[LEAST]:
            self.earn()  # where any call earns them, the first one does

    def earn(self) -> None:
        """A call took long enough: the next ones have spans, unless that was turned off."""
        if self[LEAST] < inf and self.code is not None:
            site = Site(self.code, self.module)
            site.name = f"{self.module}.{self.qualname}"  # which code of a lambda does not know
            self.spanned = Spanned(site, self[LEAST])
            self[OPEN] = _opener()

    def clear_counts(self) -> None:
        """Begin at zero, in a forked child; in place, for the calls that are going on."""
        self._kept[:] = [0, 0, 0, {}]

    def __reduce__(self) -> Any:
        # Code that is sent to another process takes its slot along: one that nobody reads.
        return list, ([None, None, [0, 0, 0, {}], not_, inf, False],)


def _opener() -> Any:
    from aiprov_otel.runtime.hook.spanning import opened  # which needs slots

    return opened


Key = tuple[object, ...]


class Slots:
    """The slots of this process; those of a module that is loaded again from the same text stay."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[Key, Slot] = {}
        self._names: set[str] = set()

    def __iter__(self) -> Iterator[Slot]:
        return iter(list(self._slots.values()))

    def slot(self, key: Key, module: str, qualname: str) -> Slot:
        """The slot for *key*, which says what the function is made of."""
        # In C, and so without a lock: of two that are made at once, one is taken.
        return self._slots.get(key) or self._slots.setdefault(key, Slot(module, qualname))

    def named(self, slot: Slot) -> Slot:
        """*slot*, which metrics are to name; the first 2,000 are, and the others are one."""
        if slot.reported is None:
            name = f"{slot.module}.{slot.qualname}"
            with self._lock:
                if len(self._names) < NAMED:
                    self._names.add(name)
            slot.reported = name if name in self._names else OTHER
        return slot

    def turn(self, wanted: Callable[[str], bool]) -> None:
        """Let the slots of those modules count that are *wanted*, and no others."""
        for slot in self:
            slot.turn(on=wanted(slot.module))

    def modules(self) -> set[str]:
        """The modules that have any."""
        return {slot.module for slot in self}

    def forked(self) -> None:
        """What the parent counted, the parent reports."""
        self._lock = threading.Lock()
        for slot in self._slots.values():
            slot.clear_counts()


SLOTS: Final = Slots()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=SLOTS.forked)
