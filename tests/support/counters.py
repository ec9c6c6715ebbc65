"""What the import hook counted of a function."""

from __future__ import annotations

from collections import Counter
from typing import Any

from aiprov_otel.runtime.import_hook.call_table import REGISTRY
from aiprov_otel.runtime.import_hook.counters import CALLS, FunctionCounters


def function(qualname: str) -> FunctionCounters:
    """The one function of that name."""
    (found,) = [each for each in REGISTRY if each.qualname == qualname]
    return found


def row(qualname: str) -> list[Any]:
    """What was counted of it."""
    return function(qualname).row


def errors(qualname: str) -> Counter[str]:
    """Its calls that failed, by `error.type`."""
    return function(qualname).errors


def calls(qualname: str) -> int:
    """How many calls of it ended."""
    return int(row(qualname)[CALLS])
