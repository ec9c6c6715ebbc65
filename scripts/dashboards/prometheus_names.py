"""The names that metrics and attributes have in Prometheus, and two makers of span metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiprov_otel import attributes as keys


def label(key: str) -> str:
    """Returns the label that Prometheus makes of the attribute *key*."""
    return key.replace(".", "_")


ORIGIN: Final = label(keys.ORIGIN)
MODEL: Final = label(keys.MODEL_NAME)
STRENGTH: Final = label(keys.EVIDENCE_STRENGTH)
ERROR_ORIGIN: Final = label(keys.ERROR_ORIGIN)
EXCEPTION_ORIGIN: Final = label(keys.EXCEPTION_ORIGIN)
EXCEPTION_MODEL: Final = label(keys.EXCEPTION_MODEL_NAME)
OUTCOME: Final = label(keys.ERROR_OUTCOME)
ERROR_TYPE: Final = label(keys.ERROR_TYPE)

CALLS: Final = f"{label(keys.FUNCTION_CALLS)}_total"
SELF_TIME: Final = f"{label(keys.FUNCTION_SELF_TIME)}_seconds_total"
EXCEPTIONS: Final = f"{label(keys.EXCEPTIONS)}_total"
LINES: Final = label(keys.CODE_LINES)

REQUEST: Final = 'span_kind=~"SPAN_KIND_SERVER|SPAN_KIND_CONSUMER"'
ESCAPED: Final = f'{OUTCOME}!~"handled|expected"'
"""Matches what escaped, and what says nothing of its outcome, as other services do."""
FAILED: Final = f'status_code="STATUS_CODE_ERROR",{ESCAPED}'
"""Matches spans that failed; every maker of span metrics has these labels."""


@dataclass(frozen=True, slots=True)
class SpanMetrics:
    """
    A maker of span metrics, and the names that it uses.

    Attributes:
        maker: its name, for readers.
        calls: the counter of spans.
        seconds: the histogram of their durations.
        service: the label that has the name of the service.
    """

    maker: str
    calls: str
    seconds: str
    service: str


COLLECTOR: Final = SpanMetrics(
    "the Collector's span_metrics",
    "traces_span_metrics_calls_total",
    "traces_span_metrics_duration_seconds_bucket",
    "service_name",
)
TEMPO: Final = SpanMetrics(
    "Tempo's metrics-generator",
    "traces_spanmetrics_calls_total",
    "traces_spanmetrics_latency_bucket",
    "service",
)
