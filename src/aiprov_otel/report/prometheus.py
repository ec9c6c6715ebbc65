"""Prometheus as a source: counters of calls, by origin, model, service and route."""

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
from aiprov_otel.report.counters import Count, Crude
from aiprov_otel.telemetry.sources.http import Address, Server, parse_address

_PORT: Final = 9090
_PERIOD: Final = "7d"
_DURATION: Final = re.compile(r"(?:\d+(?:ms|[smhdwy]))+")
_ORIGIN: Final = "aiprov_origin"
_MODEL: Final = "aiprov_model_name"


@dataclass(frozen=True, slots=True)
class _Metric:
    """A counter of calls, the series of it that failed, and the labels that we want to know."""

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
"""Ours, those of the Collector's span metrics connector, and those of Tempo's generator."""


def asked(address: str) -> list[Crude]:
    """
    What the Prometheus at *address* counted, `prometheus://host:9090?period=7d`.

    Raises:
        UsageError: it is no such address.
        StoreError: nothing answers there, or it has no metric with an origin.
    """
    prometheus = _Prometheus(address)
    found = [prometheus.crude(metric) for metric in _METRICS]
    if not any(one.origins for one in found):
        msg = (
            f"{prometheus.server.name} counted no call with {_ORIGIN} within "
            f"{prometheus.period}: let services export aiprov's function metrics, or add "
            "aiprov.origin and aiprov.model.name to the dimensions of the span metrics"
        )
        raise StoreError(msg)
    return [one for one in found if one.origins]


class _Prometheus:
    def __init__(self, text: str) -> None:
        try:
            address = parse_address(text, _PORT, _PORT)
        except ValueError as error:
            raise UsageError(_no_address(text)) from error
        self.period = address.query.get("period", _PERIOD)
        if not _DURATION.fullmatch(self.period):
            raise UsageError(_no_address(text))
        self.server = Server(address, _headers(address))
        self._now = str(time.time())  # all questions are about the same time
        self._path = f"{address.path}/api/v1/query"

    def crude(self, metric: _Metric) -> Crude:
        """The counts of *metric*; without any where there is no such metric."""
        by = [(_ORIGIN,), (_ORIGIN, _MODEL), (metric.service, _ORIGIN)]
        if metric.route:
            by.append((metric.service, metric.route, _ORIGIN))
        counts = [self._counts(metric, labels) for labels in by]
        origins, models, services, *routes = counts
        return Crude(
            metric.name, self.period, origins, models, services, routes[0] if routes else ()
        )

    def _counts(self, metric: _Metric, labels: tuple[str, ...]) -> tuple[Count, ...]:
        calls = self._increase(metric.name, f'{_ORIGIN}!=""', labels)
        errors = self._increase(metric.name, f'{_ORIGIN}!="",{metric.failed}', labels)
        return tuple(Count(key, calls[key], errors.get(key, 0.0)) for key in sorted(calls))

    def _increase(
        self, name: str, matching: str, labels: tuple[str, ...]
    ) -> dict[tuple[str, ...], float]:
        asked = f"sum by ({', '.join(labels)}) (increase({name}{{{matching}}}[{self.period}]))"
        return {
            tuple(row["metric"].get(label, "") for label in labels): float(row["value"][1])
            for row in self._ask(asked)
        }

    def _ask(self, query: str) -> list[Any]:
        reply = self.server.ask(self._path, {"query": query, "time": self._now, "timeout": "120s"})
        if reply.status in {401, 403}:
            msg = (
                f"{self.server.name} refuses: set PROMETHEUS_TOKEN, or PROMETHEUS_USERNAME and "
                "PROMETHEUS_PASSWORD"
            )
            raise StoreError(msg)
        document = reply.json()
        if not isinstance(document, dict) or document.get("status") != "success":
            said = document.get("error") if isinstance(document, dict) else reply.text[:100]
            first = str(said).partition("\n")[0]
            msg = f"{self.server.name} can't answer ({first}): ask for less, with ?period=1d"
            raise StoreError(msg)
        found: list[Any] = document["data"]["result"]
        return found


def _headers(address: Address) -> Mapping[str, str]:
    user, password, token = settings.prometheus()
    if token:
        return {"Authorization": f"Bearer {token}"}
    if user := address.user or user:
        pair = f"{user}:{address.password or password}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    return {}


def _no_address(address: str) -> str:
    return (
        f"{address} is no address of Prometheus; give one as prometheus://host:9090, with "
        "?period=30d for another time than seven days"
    )
