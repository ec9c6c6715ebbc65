"""PromQL over the metrics of aiprov_otel: calls, self time, exceptions, deployed lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dashboards import prometheus_names as names
from dashboards.grafana.span_queries import RANGE, STEP, crude

BY: Final = names.ORIGIN
RAISED_BY: Final = names.EXCEPTION_ORIGIN
FAILED: Final = f'{names.ERROR_TYPE}!=""'
HANDLED: Final = f'{names.OUTCOME}="handled"'
_LINES_BY: Final = f"job, {BY}, {names.MODEL}, {names.STRENGTH}"
OF_SERVICE: Final = 'job=~"(.+/)?($service)"'
"""Matches the job of a service: its name, after its namespace if it has one."""


@dataclass(frozen=True, slots=True)
class AiprovQueries:
    """Queries of the series that the matcher *job* selects."""

    job: str = 'job=~"$job"'

    def rate(self, name: str, *matching: str, over: str = STEP) -> str:
        """Returns the increase of the counter *name* per second."""
        return f"rate({self._of(name, *matching)}[{over}])"

    def increase(self, name: str, by: str, *matching: str) -> str:
        """Returns the increase of the counter *name* within the time range."""
        return f"sum by ({by}) (increase({self._of(name, *matching)}[{RANGE}]))"

    def raised(self, by: str, *matching: str) -> str:
        """Counts exceptions within the time range, those that escaped."""
        return self.increase(names.EXCEPTIONS, by, *matching, names.ESCAPED)

    def share_failed(self, by: str, *matching: str, over: str = STEP) -> str:
        """Returns failed calls per call; 0 where none failed."""
        made = f"sum by ({by}) ({self.rate(names.CALLS, *matching, over=over)})"
        failed = f"sum by ({by}) ({self.rate(names.CALLS, *matching, FAILED, over=over)})"
        return f"({failed} or {made} * 0) / {made}"

    def crude(self) -> str:
        """Divides the error ratio of AI-written functions by that of human-written ones."""
        return crude(self._in_all, FAILED)

    def coverage(self) -> str:
        """Returns the share of calls whose function has a known origin."""
        known = self.rate(names.CALLS, f'{BY}!="unknown"', over=RANGE)
        return f"sum({known}) / sum({self.rate(names.CALLS, over=RANGE)})"

    def self_time(self, by: str = BY, *matching: str, over: str = STEP) -> str:
        """Returns seconds per second, without the counted functions that were called."""
        return f"sum by ({by}) ({self.rate(names.SELF_TIME, *matching, over=over)})"

    def mean_self_time(self, by: str = BY, *matching: str, over: str = STEP) -> str:
        """Returns seconds per call, without the counted functions that were called."""
        calls = f"sum by ({by}) ({self.rate(names.CALLS, *matching, over=over)})"
        return f"{self.self_time(by, *matching, over=over)} / {calls}"

    def share_of_lines(self, by: str = BY) -> str:
        """Returns the share of the deployed lines."""
        labeled = self._deployed(f'{by}!=""')
        return f"sum by ({by}) ({labeled}) / scalar(sum({self._deployed()}))"

    def lines(self, by: str = BY) -> str:
        """Counts the deployed lines."""
        return f"sum by ({by}) ({self._deployed()})"

    def _in_all(self, *matching: str) -> str:
        return f"sum(increase({self._of(names.CALLS, *matching)}[{RANGE}]))"

    def _deployed(self, *matching: str) -> str:
        """Counts the lines of each job once, though each of its processes reports them."""
        return f"max by ({_LINES_BY}) ({self._of(names.LINES, *matching)})"

    def _of(self, name: str, *matching: str) -> str:
        return f"{name}{{{','.join([self.job, *matching])}}}"
