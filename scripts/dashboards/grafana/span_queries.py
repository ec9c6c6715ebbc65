"""Queries over metrics of spans, whoever makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiprov_otel import attributes as keys
from aiprov_otel.backends import names
from aiprov_otel.backends.grafana.links import traces
from aiprov_otel.backends.grafana.variables import Choice
from aiprov_otel.backends.names import SpanMetrics
from aiprov_otel.backends.traceql import failed_by

RANGE: Final = "$__range"
STEP: Final = "$__rate_interval"
BY: Final = names.ORIGIN
KNOWN: Final = f'{BY}!=""'
NAMED: Final = f'{BY}!~"unknown|"'
FUNCTION: Final = f'span_kind="SPAN_KIND_INTERNAL",{KNOWN}'
ARMS: Final = (f'{BY}="ai"', f'{BY}="human"')
_FEWEST: Final = 10
"""Failures on a side; with fewer, a ratio is mostly chance."""


def crude(ai: tuple[str, str], human: tuple[str, str]) -> str:
    """The ratio of two error ratios, each of how many failed and how many there were."""
    (ai_failed, ai_all), (human_failed, human_all) = ai, human
    ratio = f"({ai_failed} / {ai_all}) / ({human_failed} / {human_all})"
    return f"{ratio} and {ai_failed} >= {_FEWEST} and {human_failed} >= {_FEWEST}"


@dataclass(frozen=True, slots=True)
class Spans:
    """
    The queries over what somebody makes of spans.

    Attributes:
        metrics: who makes them, and how they are called.
        kind: the matcher of those that are meant.
        narrowed: further matchers, by what the reader chose.
    """

    metrics: SpanMetrics
    kind: str = names.REQUEST
    narrowed: tuple[str, ...] = ()

    def rate(self, *matching: str, over: str = STEP) -> str:
        """Spans a second."""
        return f"rate({self._of(self.metrics.calls, *matching)}[{over}])"

    def increase(self, by: str, *matching: str) -> str:
        """Spans in the time that is shown."""
        return f"sum by ({by}) (increase({self._of(self.metrics.calls, *matching)}[{RANGE}]))"

    def share_failed(self, by: str, *matching: str, over: str = STEP) -> str:
        """Failed spans a span; 0 where none failed."""
        made = f"sum by ({by}) ({self.rate(*matching, over=over)})"
        failed = f"sum by ({by}) ({self.rate(*matching, names.FAILED, over=over)})"
        return f"({failed} or {made} * 0) / {made}"

    def raised(self, by: str = "raised_by", over: str = STEP, function: str = "rate") -> str:
        """Failed spans a second by `raised_by`: of the line that raised, else of the handler."""
        said = f'"raised_by", ";", "{names.ERROR_ORIGIN}", "{BY}"'
        counted = f"{function}({self._of(self.metrics.calls, names.FAILED)}[{over}])"
        joined = f"label_join({counted}, {said})"
        first = f'label_replace({joined}, "raised_by", "$1", "raised_by", ";?([^;]*).*")'
        named = f'label_replace({first}, "raised_by", "unknown", "raised_by", "")'
        return f"sum by ({by}) ({named})"

    def burn(self) -> str:
        """How many times faster than the budget allows spans fail, by who raised it."""
        return f"{self.raised()} / scalar(sum({self.rate()})) / ${{budget}}"

    def burning(self) -> str:
        """The same of all origins together, in the last hour, of the service with most."""
        return f"topk(1, {self.share_failed(self.metrics.service, over='1h')} / ${{budget}})"

    def share_raised(self) -> str:
        """Which part of what failed in the last hour was raised by lines of which origin."""
        return f"{self.raised(over='1h')} / scalar(sum({self.rate(names.FAILED, over='1h')}))"

    def crude(self) -> str:
        """The error ratio of AI-written handlers over that of human-written ones."""
        return crude(*((self._in_all(arm, names.FAILED), self._in_all(arm)) for arm in ARMS))

    def coverage(self) -> str:
        """The share of the spans whose origin is known, of those that say one."""
        return f"sum({self.rate(NAMED, over=RANGE)}) / sum({self.rate(KNOWN, over=RANGE)})"

    def quantile(self, of: float, by: str, *matching: str, over: str = STEP) -> str:
        """How long spans take, with everything below them."""
        seconds = f"rate({self._of(self.metrics.seconds, *matching)}[{over}])"
        return f"histogram_quantile({of}, sum by (le, {by}) ({seconds}))"

    def services(self, *, several: bool = True) -> Choice:
        """The choice of services that say an origin."""
        query = f"label_values({self.metrics.calls}{{{KNOWN}}}, {self.metrics.service})"
        return Choice("service", "Service", query, several=several)

    def values(self, label: str, *matching: str) -> str:
        """The query for the values of *label*."""
        return f"label_values({self._of(self.metrics.calls, *matching)}, {label})"

    def _in_all(self, *matching: str) -> str:
        return f"sum(increase({self._of(self.metrics.calls, *matching)}[{RANGE}]))"

    def _of(self, name: str, *matching: str) -> str:
        service = f'{self.metrics.service}=~"$service"'
        return f"{name}{{{','.join([service, self.kind, *self.narrowed, *matching])}}}"


SERVICE: Final = 'resource.service.name =~ "${service:pipe}"'
"""What Tempo is asked for, by the service that the reader chose."""

FAILED_BY_LINE: Final = traces(
    f"{{ {SERVICE} && {failed_by('${__field.labels.raised_by}')} }}",
    "failed traces",
)
FAILED_BY_HANDLER: Final = traces(
    f'{{ {SERVICE} && status = error && span.{keys.ORIGIN} = "${{__field.labels.{BY}}}" }}',
    "failed traces",
)
