"""Dashboard: one service on one page."""

from __future__ import annotations

from typing import Final

from dashboards import prometheus_names as names
from dashboards.grafana import shared_panels
from dashboards.grafana.aiprov_queries import OF_SERVICE
from dashboards.grafana.annotations import deployments
from dashboards.grafana.boards.routes import ROUTE, choice_of_routes, of_routes, over_time
from dashboards.grafana.dashboard import Dashboard
from dashboards.grafana.panel import Panel
from dashboards.grafana.span_queries import BY, RANGE, SpanQueries
from dashboards.grafana.variables import BUDGET, FORGE
from dashboards.prometheus_names import COLLECTOR, TEMPO, SpanMetrics


def _failing(queries: SpanQueries) -> Panel:
    rate, failed = queries.rate(over=RANGE), queries.rate(names.FAILED, over=RANGE)
    return Panel(
        "How many requests fail?",
        "Failed requests a request, in the time that is shown, whoever wrote what.",
        "stat",
        f"(sum({failed}) or sum({rate}) * 0) / sum({rate})",
        "percentunit",
        height=5,
    )


def _service(uid: str, metrics: SpanMetrics) -> Dashboard:
    queries = SpanQueries(metrics, narrowed=(ROUTE,))
    return Dashboard(
        uid=uid,
        title=f"Code origin: one service, from {metrics.maker}",
        description="One service: what fails, on which route, raised by whose line, of which "
        f"commit, from {metrics.maker}, the metrics of aiprov_otel, and traces.",
        variables=(queries.services(several=False), choice_of_routes(metrics), BUDGET, FORGE),
        panels=(
            *shared_panels.burning(queries),
            shared_panels.burn(queries),
            shared_panels.exceptions(),
            shared_panels.self_time(12),
            *over_time(queries),
            of_routes(queries),
            _failing(queries),
            shared_panels.failed_requests(queries),
            shared_panels.requests(queries),
            shared_panels.share_of_lines(BY, "Who wrote what is deployed?", width=24),
            shared_panels.method(shared_panels.IN_AN_INCIDENT),
        ),
        from_traces=(shared_panels.commits(), shared_panels.failures()),
        folded=metrics is not TEMPO,
        annotations=(deployments(OF_SERVICE),),
    )


SERVICES: Final = (
    _service("aiprov-service", COLLECTOR),
    _service("aiprov-service-tempo", TEMPO),
)
