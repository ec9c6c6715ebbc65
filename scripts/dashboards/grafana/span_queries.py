"""PromQL over metrics of spans, from the Collector or from Tempo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiprov_otel import attributes as keys
from dashboards import prometheus_names as names
from dashboards.grafana.links import traces
from dashboards.grafana.variables import QueryVariable
from dashboards.prometheus_names import SpanMetrics
from dashboards.traceql import failed_by

RANGE: Final = "$__range"
STEP: Final = "$__rate_interval"
BY: Final = names.ORIGIN
KNOWN: Final = f'{BY}!=""'
NAMED: Final = f'{BY}!~"unknown|"'
FUNCTION: Final = f'span_kind="SPAN_KIND_INTERNAL",{KNOWN}'
READING: Final = "reading"
_READINGS: Final = (
    ("as recorded", f'{BY}="ai"', f'{BY}="human"'),
    ("if people wrote the unknown", f'{BY}="ai"', f'{BY}=~"human|unknown"'),
    ("if AI wrote the unknown", f'{BY}=~"ai|unknown"', f'{BY}="human"'),
)
"""What the unknown could change: the same three readings as in the report."""

_FEWEST: Final = 10
"""Failures of each origin; with fewer, a ratio is mostly chance."""


def crude(counted: Callable[..., str], failed: str) -> str:
    """
    Divides the error ratio of AI-written code by that of human-written code, for each reading.

    *counted* returns the query that counts what matches its arguments, *failed* among them or not.
    """
    return " or ".join(
        f'label_replace({_ratio(counted, failed, ai, human)}, "{READING}", "{name}", "", "")'
        for name, ai, human in _READINGS
    )


def _ratio(counted: Callable[..., str], failed: str, ai: str, human: str) -> str:
    ai_failed, human_failed = counted(ai, failed), counted(human, failed)
    ratio = f"({ai_failed} / {counted(ai)}) / ({human_failed} / {counted(human)})"
    return f"{ratio} and {ai_failed} >= {_FEWEST} and {human_failed} >= {_FEWEST}"


@dataclass(frozen=True, slots=True)
class SpanQueries:
    """
    Queries over metrics of spans.

    Attributes:
        metrics: what makes them, and their names.
        kind: matches the kind of span.
        narrowed: further matchers, of what the reader chose.
    """

    metrics: SpanMetrics
    kind: str = names.REQUEST
    narrowed: tuple[str, ...] = ()

    def rate(self, *matching: str, over: str = STEP) -> str:
        """Returns spans per second."""
        return f"rate({self._of(self.metrics.calls, *matching)}[{over}])"

    def increase(self, by: str, *matching: str) -> str:
        """Counts spans within the time range."""
        return f"sum by ({by}) (increase({self._of(self.metrics.calls, *matching)}[{RANGE}]))"

    def share_failed(self, by: str, *matching: str, over: str = STEP) -> str:
        """Returns failed spans per span; 0 where none failed."""
        made = f"sum by ({by}) ({self.rate(*matching, over=over)})"
        failed = f"sum by ({by}) ({self.rate(*matching, names.FAILED, over=over)})"
        return f"({failed} or {made} * 0) / {made}"

    def raised(self, by: str = "raised_by", over: str = STEP, function: str = "rate") -> str:
        """Returns failed spans per second, by origin of the raising line, else of the handler."""
        labels = f'"raised_by", ";", "{names.ERROR_ORIGIN}", "{BY}"'
        counted = f"{function}({self._of(self.metrics.calls, names.FAILED)}[{over}])"
        joined = f"label_join({counted}, {labels})"
        first = f'label_replace({joined}, "raised_by", "$1", "raised_by", ";?([^;]*).*")'
        named = f'label_replace({first}, "raised_by", "unknown", "raised_by", "")'
        return f"sum by ({by}) ({named})"

    def burn(self) -> str:
        """Returns how many times faster than the budget allows spans fail, by who raised it."""
        return f"{self.raised()} / scalar(sum({self.rate()})) / ${{budget}}"

    def burning(self) -> str:
        """Returns the burn of the last hour, of the service that burns fastest."""
        return f"topk(1, {self.share_failed(self.metrics.service, over='1h')} / ${{budget}})"

    def share_raised(self) -> str:
        """Returns the share of each origin in the failures of the last hour."""
        return f"{self.raised(over='1h')} / scalar(sum({self.rate(names.FAILED, over='1h')}))"

    def crude(self) -> str:
        """Divides the error ratio of AI-written handlers by that of human-written ones."""
        return crude(self._in_all, names.FAILED)

    def coverage(self) -> str:
        """Returns the share of known origins, among the spans that have one."""
        return f"sum({self.rate(NAMED, over=RANGE)}) / sum({self.rate(KNOWN, over=RANGE)})"

    def quantile(self, of: float, by: str, *matching: str, over: str = STEP) -> str:
        """Returns a quantile of durations, with everything that was called."""
        seconds = f"rate({self._of(self.metrics.seconds, *matching)}[{over}])"
        return f"histogram_quantile({of}, sum by (le, {by}) ({seconds}))"

    def services(self, *, several: bool = True) -> QueryVariable:
        """Returns the variable to choose from the services that send origins."""
        query = f"label_values({self.metrics.calls}{{{KNOWN}}}, {self.metrics.service})"
        return QueryVariable("service", "Service", query, several=several)

    def values(self, label: str, *matching: str) -> str:
        """Returns the query for the values of *label*."""
        return f"label_values({self._of(self.metrics.calls, *matching)}, {label})"

    def _in_all(self, *matching: str) -> str:
        return f"sum(increase({self._of(self.metrics.calls, *matching)}[{RANGE}]))"

    def _of(self, name: str, *matching: str) -> str:
        service = f'{self.metrics.service}=~"$service"'
        return f"{name}{{{','.join([service, self.kind, *self.narrowed, *matching])}}}"


SERVICE: Final = 'resource.service.name =~ "${service:pipe}"'
"""Matches the chosen services in TraceQL."""

FAILED_BY_LINE: Final = traces(
    f"{{ {SERVICE} && {failed_by('${__field.labels.raised_by}')} }}",
    "failed traces",
)
FAILED_BY_HANDLER: Final = traces(
    f'{{ {SERVICE} && status = error && span.{keys.ORIGIN} = "${{__field.labels.{BY}}}" }}',
    "failed traces",
)
