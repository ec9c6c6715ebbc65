"""What Prometheus calls our attributes and metrics, and the Collector's metrics of spans."""

from __future__ import annotations

from typing import Final

from aiprov_otel import attributes as keys


def label(key: str) -> str:
    """The label that Prometheus makes of the attribute *key*."""
    return key.replace(".", "_")


ORIGIN: Final = label(keys.ORIGIN)
MODEL: Final = label(keys.MODEL_NAME)
ERROR_ORIGIN: Final = label(keys.ERROR_ORIGIN)
EXCEPTION_ORIGIN: Final = label(keys.EXCEPTION_ORIGIN)
EXCEPTION_MODEL: Final = label(keys.EXCEPTION_MODEL_NAME)
ERROR_TYPE: Final = label(keys.ERROR_TYPE)

CALLS: Final = f"{label(keys.FUNCTION_CALLS)}_total"
SELF_TIME: Final = f"{label(keys.FUNCTION_SELF_TIME)}_seconds_total"
EXCEPTIONS: Final = f"{label(keys.EXCEPTIONS)}_total"
LINES: Final = label(keys.CODE_LINES)

SPANS: Final = "traces_span_metrics_calls_total"
SPAN_SECONDS: Final = "traces_span_metrics_duration_seconds_bucket"
REQUEST: Final = 'span_kind=~"SPAN_KIND_SERVER|SPAN_KIND_CONSUMER"'
FAILED: Final = 'status_code="STATUS_CODE_ERROR"'
"""As the connector `span_metrics` names and labels them, with the unit s."""
