"""
What slots counted, as observable counters, put together by who wrote the functions.

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
from aiprov_otel.runtime.exception_state import ENDS, class_name, is_failing
from aiprov_otel.runtime.fast_path import OURS
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.import_hook.counters import CALLS, SELF_TIME, SLOTS, TIME, Slot
from aiprov_otel.runtime.import_hook.swallowed import send

LIMIT: Final = 500
"""Classes of errors that are named; the others are one."""

Said: TypeAlias = frozenset[tuple[str, str | int | float]]
_errors_named: set[str] = set()
_observed = False


def observe() -> None:
    """Have the counters, of the global meter provider, whenever that is set; a process has one."""
    global _observed
    if _observed:
        return
    _observed = True
    create = metrics.get_meter(OURS).create_observable_counter
    calls, time, self_time = _Totals(_calls), _Totals(_time), _Totals(_self_time)
    told = (calls, send)  # the latter tells another metric, which has no callback of its own
    create(keys.FUNCTION_CALLS, told, keys.FUNCTION_CALLS_UNIT, "Calls that ended, by origin")
    create(keys.FUNCTION_TIME, [time], "s", "Time that calls ran, with what they called")
    create(keys.FUNCTION_SELF_TIME, [self_time], "s", "The same, without instrumented callees")


class _Totals:
    """A callback: what is observed never goes down, whatever thread is in the middle of a call."""

    def __init__(self, rows: Callable[[Slot, Attributes], Iterable[tuple[Said, float]]]) -> None:
        self._rows = rows
        self._lock = threading.Lock()
        self._highest: dict[Said, float] = {}

    def __call__(self, _: CallbackOptions) -> list[Observation]:
        with guard:
            if annotator := state.annotator():
                return self._observed(annotator)
        return []

    def _observed(self, annotator: Annotator) -> list[Observation]:
        totals: dict[Said, float] = {}
        for slot, unit in _units(annotator):
            for said, value in self._rows(slot, unit):
                totals[said] = totals.get(said, 0) + value
        with self._lock:
            for said, value in totals.items():
                self._highest[said] = max(value, self._highest.get(said, 0))
            return [Observation(self._highest[said], dict(said)) for said in totals]


def _units(annotator: Annotator) -> Iterator[tuple[Slot, Attributes]]:
    """The slots that counted anything, and what is said of their functions."""
    for slot in SLOTS:
        if slot.counts[CALLS]:
            yield slot, of_function(annotator.resolver.unit(slot.code), slot.reported)


def _calls(slot: Slot, unit: Attributes) -> Iterator[tuple[Said, float]]:
    errors = _errors(slot)  # before the calls: an error is a call first
    for kind, number in errors.items():
        yield frozenset({**unit, keys.ERROR_TYPE: kind}.items()), number
    yield frozenset(unit.items()), slot.counts[CALLS] - sum(errors.values())


def _time(slot: Slot, unit: Attributes) -> Iterator[tuple[Said, float]]:
    yield frozenset(unit.items()), slot.counts[TIME]


def _self_time(slot: Slot, unit: Attributes) -> Iterator[tuple[Said, float]]:
    yield frozenset(unit.items()), slot.counts[SELF_TIME]


def _errors(slot: Slot) -> Counter[str]:
    found: Counter[str] = Counter()
    for kind, number in slot.errors.items():
        if is_failing(kind) and not issubclass(kind, ENDS):
            found[_named(class_name(kind))] += number
    return found


def _named(name: str) -> str:
    if len(_errors_named) < LIMIT:
        _errors_named.add(name)
    return name if name in _errors_named else keys.OTHER
