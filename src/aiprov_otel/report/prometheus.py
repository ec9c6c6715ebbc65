"""Prometheus as a source: counters of calls by origin, model, service and route."""

from __future__ import annotations

import re
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiprov_otel import settings
from aiprov_otel.attributes import FUNCTION_CALLS
from aiprov_otel.errors import StoreError, UsageError
from aiprov_otel.report.counters import LabelCounts, MetricCounts
from aiprov_otel.telemetry.sources.http import Address, Server, parse_address

_PORT: Final = 9090
_PERIOD: Final = "7d"
_DURATION: Final = re.compile(r"(?:\d+(?:ms|[smhdwy]))+")
_ORIGIN: Final = "aiprov_origin"
_MODEL: Final = "aiprov_model_name"


@dataclass(frozen=True, slots=True)
class _Metric:
    """A counter of calls, the matcher of its failed calls, and its labels of service and route."""

    name: str
    failed: str
    service: str
    route: str | None


_METRICS: Final = (
    _Metric(f"{FUNCTION_CALLS.replace('.', '_')}_total", 'error_type!=""', "job", None),
    _Metric(
        "traces_span_metrics_calls_total",
        'status_code="STATUS_CODE_ERROR"',
        "service_name",
        "span_name",
    ),
    _Metric(
        "traces_spanmetrics_calls_total", 'status_code="STATUS_CODE_ERROR"', "service", "span_name"
    ),
)
"""Ours, that of the Collector's span metrics connector, and that of Tempo's generator."""


def read_counters(address: str) -> list[MetricCounts]:
    """
    Reads the calls and errors that the Prometheus at *address* counted.

    An address is `prometheus://host:9090?period=7d`.

    Raises:
        UsageError: the address is not valid.
        StoreError: nothing answers there, or no metric has an origin.
    """
    prometheus = _Prometheus(address)
    counts = [prometheus.read(metric) for metric in _METRICS]
    if not any(metric.origins for metric in counts):
        msg = (
            f"{prometheus.server.name} counted no call with {_ORIGIN} within "
            f"{prometheus.period}: export aiprov's function metrics, or add aiprov.origin and "
            "aiprov.model.name to the dimensions of the span metrics"
        )
        raise StoreError(msg)
    return [metric for metric in counts if metric.origins]


class _Prometheus:
    def __init__(self, text: str) -> None:
        try:
            address = parse_address(text, _PORT, _PORT)
        except ValueError as error:
            raise UsageError(_bad_address(text)) from error
        self.period = address.query.get("period", _PERIOD)
        if not _DURATION.fullmatch(self.period):
            raise UsageError(_bad_address(text))
        self.server = Server(address, _headers(address))
        self._now = str(time.time())  # all queries are about the same time
        self._path = f"{address.path}/api/v1/query"

    def read(self, metric: _Metric) -> MetricCounts:
        """Reads the counts of *metric*; empty if Prometheus does not have it."""
        by = [(_ORIGIN,), (_ORIGIN, _MODEL), (metric.service, _ORIGIN)]
        if metric.route:
            by.append((metric.service, metric.route, _ORIGIN))
        counts = [self._counts(metric, labels) for labels in by]
        origins, models, services, *routes = counts
        return MetricCounts(
            metric.name, self.period, origins, models, services, routes[0] if routes else ()
        )

    def _counts(self, metric: _Metric, labels: tuple[str, ...]) -> tuple[LabelCounts, ...]:
        calls = self._increase(metric.name, f'{_ORIGIN}!=""', labels)
        errors = self._increase(metric.name, f'{_ORIGIN}!="",{metric.failed}', labels)
        return tuple(LabelCounts(key, calls[key], errors.get(key, 0.0)) for key in sorted(calls))

    def _increase(
        self, name: str, matching: str, labels: tuple[str, ...]
    ) -> dict[tuple[str, ...], float]:
        query = f"sum by ({', '.join(labels)}) (increase({name}{{{matching}}}[{self.period}]))"
        return {
            tuple(row["metric"].get(label, "") for label in labels): float(row["value"][1])
            for row in self._query(query)
        }

    def _query(self, query: str) -> list[Any]:
        reply = self.server.ask(self._path, {"query": query, "time": self._now, "timeout": "120s"})
        if reply.status in {401, 403}:
            msg = (
                f"{self.server.name} denies access: set PROMETHEUS_TOKEN, or PROMETHEUS_USERNAME "
                "and PROMETHEUS_PASSWORD"
            )
            raise StoreError(msg)
        document = reply.json()
        if not isinstance(document, dict) or document.get("status") != "success":
            problem = document.get("error") if isinstance(document, dict) else reply.text[:100]
            first_line = str(problem).partition("\n")[0]
            msg = (
                f"{self.server.name} can't answer ({first_line}): try a shorter period, such as "
                "?period=1d"
            )
            raise StoreError(msg)
        result: list[Any] = document["data"]["result"]
        return result


def _headers(address: Address) -> Mapping[str, str]:
    user, password, token = settings.prometheus()
    if token:
        return {"Authorization": f"Bearer {token}"}
    if user := address.user or user:
        pair = f"{user}:{address.password or password}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    return {}


def _bad_address(address: str) -> str:
    return (
        f"{address} is not a valid address of Prometheus; use prometheus://host:9090, with "
        "?period=30d for a period other than seven days"
    )
