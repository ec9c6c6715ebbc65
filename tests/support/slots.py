"""What the import hook counted of a function."""

from __future__ import annotations

from collections import Counter
from typing import Any

from aiprov_otel.runtime.import_hook.counters import CALLS, SLOTS, Slot


def slot(qualname: str) -> Slot:
    """The one function of that name."""
    (found,) = [each for each in SLOTS if each.qualname == qualname]
    return found


def counts(qualname: str) -> list[Any]:
    """What was counted of it."""
    return slot(qualname).counts


def errors(qualname: str) -> Counter[type[BaseException]]:
    """Its calls that failed."""
    return slot(qualname).errors


def calls(qualname: str) -> int:
    """How many calls of it ended."""
    return int(counts(qualname)[CALLS])
