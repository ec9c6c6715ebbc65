"""Dashboard: routes and functions by code origin, over metrics of spans."""

from __future__ import annotations

from typing import Final

from dashboards import prometheus_names as names
from dashboards.grafana import shared_panels
from dashboards.grafana.aiprov_queries import OF_SERVICE
from dashboards.grafana.annotations import deployments
from dashboards.grafana.dashboard import Dashboard
from dashboards.grafana.panel import Panel
from dashboards.grafana.shared_panels import INCLUSIVE
from dashboards.grafana.span_queries import BY, FUNCTION, KNOWN, SpanQueries
from dashboards.grafana.variables import QueryVariable
from dashboards.prometheus_names import COLLECTOR, TEMPO, SpanMetrics

ROUTE: Final = 'span_name=~"$route"'


def over_time(queries: SpanQueries) -> tuple[Panel, ...]:
    """Shows errors and latency of each route."""
    return (
        Panel(
            "Which routes fail more?",
            "Failed requests a request: a route with few requests jumps. Dots, where exemplars are "
            "stored, are single requests: click one to see its trace.",
            "timeseries",
            queries.share_failed("span_name", KNOWN),
            "percentunit",
            "{{span_name}}",
        ),
        Panel(
            "Which routes fail, by whose lines?",
            "The origin of the line that raised, or of the handler where nothing was raised; they "
            "add up to all.",
            "timeseries",
            f"60 * {queries.raised('span_name, raised_by')}",
            "reqpm",
            "{{span_name}}, {{raised_by}}",
            stacked=True,
        ),
        Panel(
            "Which routes are slow? (p95)",
            INCLUSIVE,
            "timeseries",
            queries.quantile(0.95, "span_name", KNOWN),
            "s",
            "{{span_name}}",
            logarithmic=True,
        ),
    )


def of_routes(queries: SpanQueries) -> Panel:
    """Lists the routes, and who wrote their handlers."""
    return shared_panels.table(
        queries,
        "How do routes do, and who wrote them?",
        f"In the time that is shown, the route with most failures on top. {INCLUSIVE} A "
        "route has one handler: who raised in what it calls is above.",
        f"{queries.metrics.service}, span_name, {BY}, {names.MODEL}",
        KNOWN,
    )


def of_functions(metrics: SpanMetrics) -> Panel:
    """Lists the functions that have spans."""
    return shared_panels.table(
        SpanQueries(metrics, FUNCTION),
        "How do functions do, and who wrote them?",
        "Of `@provenance`, or of the import hook's mode `spans`; of all routes. An exception fails "
        f"every function that it leaves. {INCLUSIVE}",
        f"{metrics.service}, span_name, {BY}, {names.MODEL}",
        function=True,
    )


def choice_of_routes(metrics: SpanMetrics) -> QueryVariable:
    """Returns the variable to choose from the routes of the chosen services."""
    return QueryVariable("route", "Route", SpanQueries(metrics).values("span_name", KNOWN))


def _routes(uid: str, metrics: SpanMetrics) -> Dashboard:
    queries = SpanQueries(metrics, narrowed=(ROUTE,))
    return Dashboard(
        uid=uid,
        title=f"Code origin: routes and functions, from {metrics.maker}",
        description="Which route or function fails or is slow, and who wrote it, from "
        f"{metrics.maker}.",
        variables=(queries.services(), choice_of_routes(metrics)),
        panels=(
            *over_time(queries),
            of_routes(queries),
            of_functions(metrics),
            shared_panels.self_time(24),
            shared_panels.method(),
        ),
        annotations=(deployments(OF_SERVICE),),
    )


ROUTES: Final = (
    _routes("aiprov-routes", COLLECTOR),
    _routes("aiprov-routes-tempo", TEMPO),
)
