"""Queries over the metrics that aiprov_otel counts by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiprov_otel.backends import names
from aiprov_otel.backends.grafana.spans import ARMS, RANGE, STEP, crude

BY: Final = names.ORIGIN
RAISED_BY: Final = names.EXCEPTION_ORIGIN
FAILED: Final = f'{names.ERROR_TYPE}!=""'
HANDLED: Final = f'{names.EXCEPTION_HANDLED}="true"'
NOT_HANDLED: Final = HANDLED.replace("=", "!=", 1)
_LINES_BY: Final = f"job, {BY}, {names.MODEL}, {names.STRENGTH}"
OF_SERVICE: Final = 'job=~"(.+/)?($service)"'
"""The job of a service: Prometheus puts the namespace of the service, if any, before its name."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The queries over the series of a *job*, which is a matcher."""

    job: str = 'job=~"$job"'

    def rate(self, name: str, *matching: str, over: str = STEP) -> str:
        """What the counter *name* gains a second."""
        return f"rate({self._of(name, *matching)}[{over}])"

    def increase(self, name: str, by: str, *matching: str) -> str:
        """What the counter *name* gains in the time that is shown."""
        return f"sum by ({by}) (increase({self._of(name, *matching)}[{RANGE}]))"

    def raised(self, by: str, *matching: str) -> str:
        """Exceptions in the time that is shown, without those that a handler swallowed."""
        return self.increase(names.EXCEPTIONS, by, *matching, NOT_HANDLED)

    def share_failed(self, by: str, *matching: str, over: str = STEP) -> str:
        """Failed calls a call; 0 where none failed."""
        made = f"sum by ({by}) ({self.rate(names.CALLS, *matching, over=over)})"
        failed = f"sum by ({by}) ({self.rate(names.CALLS, *matching, FAILED, over=over)})"
        return f"({failed} or {made} * 0) / {made}"

    def crude(self) -> str:
        """The error ratio of AI-written functions over that of human-written ones."""
        return crude(*((self._in_all(arm, FAILED), self._in_all(arm)) for arm in ARMS))

    def coverage(self) -> str:
        """The share of the calls of functions whose origin is known."""
        known = self.rate(names.CALLS, f'{BY}!="unknown"', over=RANGE)
        return f"sum({known}) / sum({self.rate(names.CALLS, over=RANGE)})"

    def self_time(self, by: str = BY, *matching: str, over: str = STEP) -> str:
        """Seconds a second, without the counted functions that were called."""
        return f"sum by ({by}) ({self.rate(names.SELF_TIME, *matching, over=over)})"

    def mean_self_time(self, by: str = BY, *matching: str, over: str = STEP) -> str:
        """Seconds a call, without the counted functions that were called."""
        calls = f"sum by ({by}) ({self.rate(names.CALLS, *matching, over=over)})"
        return f"{self.self_time(by, *matching, over=over)} / {calls}"

    def share_of_lines(self, by: str = BY) -> str:
        """Of all lines that are deployed."""
        said = self._deployed(f'{by}!=""')
        return f"sum by ({by}) ({said}) / scalar(sum({self._deployed()}))"

    def lines(self, by: str = BY) -> str:
        """How many are deployed."""
        return f"sum by ({by}) ({self._deployed()})"

    def _in_all(self, *matching: str) -> str:
        return f"sum(increase({self._of(names.CALLS, *matching)}[{RANGE}]))"

    def _deployed(self, *matching: str) -> str:
        """Lines of each job once, though every process of it says them."""
        return f"max by ({_LINES_BY}) ({self._of(names.LINES, *matching)})"

    def _of(self, name: str, *matching: str) -> str:
        return f"{name}{{{','.join([self.job, *matching])}}}"
