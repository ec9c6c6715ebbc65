"""
What was counted of functions, as observable counters, by origin.

Nothing is recorded when a function is called: the numbers are added up when they are collected.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from aiprov_otel import attributes as keys
from aiprov_otel.attributes import Attributes, of_function
from aiprov_otel.runtime import state
from aiprov_otel.runtime.annotator import Annotator
from aiprov_otel.runtime.fast_path import OURS
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
from aiprov_otel.runtime.import_hook.counters import (
    CALLS,
    SELF_TIME,
    TIME,
    BoundedNames,
    FunctionCounters,
)
from aiprov_otel.runtime.import_hook.swallowed import send

LIMIT: Final = 500
"""Classes of errors that are named; the others are one."""

AttributeSet: TypeAlias = frozenset[tuple[str, str | int | float]]
_error_names: Final = BoundedNames(LIMIT)
_observed = False


def observe() -> None:
    """Create the counters, once a process, of the global meter provider, whenever that is set."""
    global _observed
    if _observed:
        return
    _observed = True
    create = metrics.get_meter(OURS).create_observable_counter
    calls, time, self_time = _Totals(_calls), _Totals(_time), _Totals(_self_time)
    callbacks = (calls, send)  # `send` feeds another metric, which has no callback of its own
    create(keys.FUNCTION_CALLS, callbacks, keys.FUNCTION_CALLS_UNIT, "Calls that ended, by origin")
    create(keys.FUNCTION_TIME, [time], "s", "Time that calls ran, with what they called")
    create(keys.FUNCTION_SELF_TIME, [self_time], "s", "The same, without instrumented callees")


class _Totals:
    """A callback. What it observes never goes down, whatever thread is in the middle of a call."""

    def __init__(
        self, rows: Callable[[FunctionCounters, Attributes], Iterable[tuple[AttributeSet, float]]]
    ) -> None:
        self._rows = rows
        self._lock = threading.Lock()
        self._highest: dict[AttributeSet, float] = {}

    def __call__(self, _: CallbackOptions) -> list[Observation]:
        with guard:
            if annotator := state.annotator():
                return self._observed(annotator)
        return []

    def _observed(self, annotator: Annotator) -> list[Observation]:
        totals: dict[AttributeSet, float] = {}
        for function, unit in _units(annotator):
            for attributes, value in self._rows(function, unit):
                totals[attributes] = totals.get(attributes, 0) + value
        with self._lock:
            for attributes, value in totals.items():
                self._highest[attributes] = max(value, self._highest.get(attributes, 0))
            return [
                Observation(self._highest[attributes], dict(attributes)) for attributes in totals
            ]


def _units(annotator: Annotator) -> Iterator[tuple[FunctionCounters, Attributes]]:
    """Yields the functions that were called, with their attributes."""
    for function in REGISTRY:
        if function.row[CALLS]:
            yield function, of_function(annotator.resolver.unit(function.code), function.reported)


def _calls(function: FunctionCounters, unit: Attributes) -> Iterator[tuple[AttributeSet, float]]:
    errors = _errors(function)  # before the calls: an error is a call first
    for kind, number in errors.items():
        yield frozenset({**unit, keys.ERROR_TYPE: kind}.items()), number
    yield frozenset(unit.items()), function.row[CALLS] - sum(errors.values())


def _time(function: FunctionCounters, unit: Attributes) -> Iterator[tuple[AttributeSet, float]]:
    yield frozenset(unit.items()), function.row[TIME]


def _self_time(
    function: FunctionCounters, unit: Attributes
) -> Iterator[tuple[AttributeSet, float]]:
    yield frozenset(unit.items()), function.row[SELF_TIME]


def _errors(function: FunctionCounters) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name, number in function.errors.items():
        counts[_error_names.limit(name)] += number
    return counts
