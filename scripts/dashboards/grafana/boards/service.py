"""All of one service on one page."""

from __future__ import annotations

from typing import Final

from aiprov_otel.backends import names
from aiprov_otel.backends.grafana import parts
from aiprov_otel.backends.grafana.dashboard import Dashboard
from aiprov_otel.backends.grafana.links import deployments
from aiprov_otel.backends.grafana.ours import OF_SERVICE
from aiprov_otel.backends.grafana.panel import Panel
from aiprov_otel.backends.grafana.routes import ROUTE, choice_of_routes, of_routes, over_time
from aiprov_otel.backends.grafana.spans import BY, RANGE, Spans
from aiprov_otel.backends.grafana.variables import BUDGET, FORGE
from aiprov_otel.backends.names import COLLECTOR, TEMPO, SpanMetrics


def _failing(asked: Spans) -> Panel:
    rate, failed = asked.rate(over=RANGE), asked.rate(names.FAILED, over=RANGE)
    return Panel(
        "Error ratio",
        "Failed requests a request, in the time that is shown, whoever wrote what.",
        "stat",
        f"(sum({failed}) or sum({rate}) * 0) / sum({rate})",
        "percentunit",
        height=5,
    )


def _service(uid: str, metrics: SpanMetrics) -> Dashboard:
    asked = Spans(metrics, narrowed=(ROUTE,))
    return Dashboard(
        uid=uid,
        title=f"Code origin: one service, from {metrics.maker}",
        description="One service: what fails, on which route, raised by whose line, of which "
        f"commit, from {metrics.maker}, the metrics of aiprov_otel, and traces.",
        chosen=(asked.services(several=False), choice_of_routes(metrics), BUDGET, FORGE),
        panels=(
            *parts.burning(asked),
            parts.burn(asked),
            parts.method(parts.IN_AN_INCIDENT),
            parts.commits(),
            parts.exceptions(),
            *over_time(asked),
            of_routes(asked),
            parts.failures(),
            _failing(asked),
            parts.failed_requests(asked),
            parts.requests(asked),
            parts.self_time(12),
            parts.share_of_lines(BY, "who wrote them"),
        ),
        marked=(deployments(OF_SERVICE),),
    )


SERVICES: Final = (
    _service("aiprov-service", COLLECTOR),
    _service("aiprov-service-tempo", TEMPO),
)
