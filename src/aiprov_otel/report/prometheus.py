"""Prometheus as a source: counters of calls by origin, model, service and route."""

from __future__ import annotations

import re
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from aiprov_otel import settings
from aiprov_otel.attributes import (
    CODE_FUNCTION_NAME,
    ERROR_TYPE,
    FUNCTION_CALLS,
    MODEL_NAME,
    ORIGIN,
)
from aiprov_otel.errors import StoreError, UsageError
from aiprov_otel.report.counters import LabelCounts, MetricCounts
from aiprov_otel.telemetry.sources.http import Address, Server, parse_address, redacted

_PORT: Final = 9090
_BAD_QUERY: Final = 400
_PERIOD: Final = "7d"
_DAY: Final = 86_400  # seconds
_DURATION: Final = re.compile(r"(?:\d+(?:ms|[smhdwy]))+")


@dataclass(frozen=True, slots=True)
class _Metric:
    """
    A counter of calls, by OpenTelemetry's names.

    Attributes:
        failed: what selects the series that failed: a label, and how its value compares.
        service: the label that names a service.
        route: the label that names a route, if there is one.
    """

    name: str
    failed: tuple[str, str]
    service: str
    route: str | None


_STATUS: Final = '="STATUS_CODE_ERROR"'
_OURS: Final = _Metric(FUNCTION_CALLS, (ERROR_TYPE, '!=""'), "job", None)
_CONNECTOR: Final = _Metric(
    "traces.span.metrics.calls", ("status.code", _STATUS), "service.name", "span.name"
)
"""Of the Collector's span metrics connector."""

_TEMPO: Final = _Metric(
    "traces.spanmetrics.calls", ("status.code", _STATUS), "service", "span.name"
)
"""Of Tempo's generator, which does not send it as OTLP."""


@dataclass(frozen=True, slots=True)
class _Naming:
    """How Prometheus spells names that came as OTLP: its `translation_strategy`."""

    dots: bool
    suffix: str

    def label(self, name: str) -> str:
        """The label *name* in a result."""
        return name if self.dots else name.replace(".", "_")

    def quoted(self, name: str) -> str:
        """The label *name* in a query."""
        return f'"{name}"' if self.dots and "." in name else self.label(name)


_ESCAPED: Final = _Naming(dots=False, suffix="_total")
_SERIES: Final = (
    (_OURS, _ESCAPED),
    (_CONNECTOR, _ESCAPED),
    (_TEMPO, _ESCAPED),
    *(
        (metric, _Naming(dots, suffix))
        for dots, suffix in ((False, ""), (True, "_total"), (True, ""))
        for metric in (_OURS, _CONNECTOR)
    ),
)
"""What may be there: each metric as each translation strategy spells it."""


def read_counters(address: str) -> list[MetricCounts]:
    """
    Reads the calls and errors that the Prometheus at *address* counted.

    An address is `prometheus://host:9090?period=7d`.

    Raises:
        UsageError: the address is not valid.
        StoreError: nothing answers there, or no metric has an origin.
    """
    prometheus = _Prometheus(address)
    counts = [prometheus.read(metric, naming) for metric, naming in _SERIES]
    if not any(metric.origins for metric in counts):
        msg = (
            f"{prometheus.server.name} counted no call with {ORIGIN} within "
            f"{prometheus.period}: export aiprov's function metrics, or add aiprov.origin and "
            "aiprov.model.name to the dimensions of the span metrics"
        )
        raise StoreError(msg)
    return [metric for metric in counts if metric.origins]


def read_failed_functions(address: str, days: float) -> list[tuple[tuple[str, ...], float]]:
    """
    Reads how often each function failed in *days*: its name, the type of error and its origin.

    Only `aiprov.function.calls` counts functions, and only those that name themselves. A period in
    the address is that of a report.

    Raises:
        UsageError: the address is not valid.
        StoreError: nothing answers there.
    """
    prometheus = _Prometheus(address)
    prometheus.period = f"{max(round(days * _DAY), 1)}s"
    labels = (CODE_FUNCTION_NAME, ERROR_TYPE, ORIGIN)
    counts: dict[tuple[str, ...], float] = {}
    for metric, naming in _SERIES:
        if metric is _OURS:
            counts |= prometheus.read_failures(naming, labels)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


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

    def read(self, metric: _Metric, naming: _Naming) -> MetricCounts:
        """Returns the counts of *metric*; none if it does not exist under this name."""
        by: list[tuple[str, ...]] = [(ORIGIN, MODEL_NAME), (metric.service, ORIGIN)]
        if metric.route:
            by.append((metric.service, metric.route, ORIGIN))
        name = f"{naming.label(metric.name)}{naming.suffix}"
        origins = self._counts(metric, naming, (ORIGIN,))
        if not origins:
            return MetricCounts(name, self.period, (), (), (), ())
        models, services, *routes = (self._counts(metric, naming, labels) for labels in by)
        return MetricCounts(
            name, self.period, origins, models, services, routes[0] if routes else ()
        )

    def read_failures(
        self, naming: _Naming, labels: tuple[str, ...]
    ) -> dict[tuple[str, ...], float]:
        """Returns how often functions failed, by *labels*, of which the first is the function."""
        function, failed = (naming.quoted(label) for label in labels[:2])
        counts = self._increase(_OURS, naming, f'{function}!="",{failed}!=""', labels)
        return {key: errors for key, errors in counts.items() if round(errors)}

    def _counts(
        self, metric: _Metric, naming: _Naming, labels: tuple[str, ...]
    ) -> tuple[LabelCounts, ...]:
        known = f'{naming.quoted(ORIGIN)}!=""'
        label, value = metric.failed
        calls = self._increase(metric, naming, known, labels)
        if not calls:
            return ()
        failed = f"{known},{naming.quoted(label)}{value}"
        errors = self._increase(metric, naming, failed, labels)
        return tuple(LabelCounts(key, calls[key], errors.get(key, 0.0)) for key in sorted(calls))

    def _increase(
        self, metric: _Metric, naming: _Naming, matching: str, labels: tuple[str, ...]
    ) -> dict[tuple[str, ...], float]:
        name = f"{naming.label(metric.name)}{naming.suffix}"
        series = f'{{"{name}",{matching}}}' if naming.dots else f"{name}{{{matching}}}"
        by = ", ".join(map(naming.quoted, labels))
        query = f"sum by ({by}) (increase({series}[{self.period}]))"
        rows = self._query(query, may_fail=naming.dots)
        try:
            increases = {
                tuple(str(row["metric"].get(naming.label(label), "")) for label in labels): float(
                    row["value"][1]
                )
                for row in rows
            }
        except (AttributeError, LookupError, TypeError, ValueError, OverflowError) as error:
            raise self._stranger() from error
        return {key: value for key, value in increases.items() if isfinite(value)}

    def _query(self, query: str, *, may_fail: bool) -> list[Any]:
        """Returns the result of *query*; none if it *may_fail*, as dots in names do before 3.0."""
        reply = self.server.ask(self._path, {"query": query, "time": self._now, "timeout": "120s"})
        if reply.status in {401, 403}:
            msg = (
                f"{self.server.name} denies access: set PROMETHEUS_TOKEN, or PROMETHEUS_USERNAME "
                "and PROMETHEUS_PASSWORD"
            )
            raise StoreError(msg)
        document = reply.json()
        if may_fail and reply.status == _BAD_QUERY:
            return []
        if not isinstance(document, dict) or document.get("status") != "success":
            problem = document.get("error") if isinstance(document, dict) else reply.text[:100]
            first_line = str(problem).partition("\n")[0]
            msg = (
                f"{self.server.name} can't answer ({first_line}): try a shorter period, such as "
                "?period=1d"
            )
            raise StoreError(msg)
        data = document.get("data")
        if not isinstance(data, dict) or not isinstance(data.get("result"), list):
            raise self._stranger()
        result: list[Any] = data["result"]
        return result

    def _stranger(self) -> StoreError:
        return StoreError(
            f"{self.server.name} answered with something else than Prometheus does: check the "
            "address"
        )


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
        f"{redacted(address)} is not a valid address of Prometheus; use "
        "prometheus://host:9090, with ?period=30d for a period other than seven days"
    )
