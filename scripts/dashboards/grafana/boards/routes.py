"""Routes and functions by code origin, over metrics of spans."""

from __future__ import annotations

from typing import Final

from aiprov_otel.backends import names
from aiprov_otel.backends.grafana import parts
from aiprov_otel.backends.grafana.dashboard import Dashboard
from aiprov_otel.backends.grafana.links import deployments
from aiprov_otel.backends.grafana.ours import OF_SERVICE
from aiprov_otel.backends.grafana.panel import Panel
from aiprov_otel.backends.grafana.spans import BY, FUNCTION, KNOWN, Spans
from aiprov_otel.backends.grafana.variables import Choice
from aiprov_otel.backends.names import COLLECTOR, TEMPO, SpanMetrics

ROUTE: Final = 'span_name=~"$route"'


def over_time(asked: Spans) -> tuple[Panel, ...]:
    """Errors and latency of each route."""
    return (
        Panel(
            "Error ratio, by route",
            "Failed requests a request: a route with few requests jumps. Dots, where exemplars are "
            "stored, are single requests: click one to see its trace.",
            "timeseries",
            asked.share_failed("span_name", KNOWN),
            "percentunit",
            "{{span_name}}",
        ),
        Panel(
            "Failed requests a minute, by route and who raised it",
            "The origin of the line that raised, or of the handler where nothing was raised; they "
            "add up to all.",
            "timeseries",
            f"60 * {asked.raised('span_name, raised_by')}",
            "reqpm",
            "{{span_name}}, {{raised_by}}",
            stacked=True,
        ),
        Panel(
            "Latency p95 (inclusive), by route",
            parts.INCLUSIVE,
            "timeseries",
            asked.quantile(0.95, "span_name", KNOWN),
            "s",
            "{{span_name}}",
            logarithmic=True,
        ),
    )


def of_routes(asked: Spans) -> Panel:
    """Each route with who wrote its handler."""
    return parts.table(
        asked,
        "Routes, and who wrote their handlers",
        f"In the time that is shown, the route with most failures on top. {parts.INCLUSIVE} A "
        "route has one handler: who raised in what it calls is above.",
        f"{asked.metrics.service}, span_name, {BY}, {names.MODEL}",
        KNOWN,
    )


def of_functions(metrics: SpanMetrics) -> Panel:
    """Each function that has spans."""
    return parts.table(
        Spans(metrics, FUNCTION),
        "Functions that have spans, and who wrote them",
        "Of `@provenance`, or of the import hook's mode `spans`; of all routes. An exception fails "
        f"every function that it leaves. {parts.INCLUSIVE}",
        f"{metrics.service}, span_name, {BY}, {names.MODEL}",
        function=True,
    )


def choice_of_routes(metrics: SpanMetrics) -> Choice:
    """The choice of routes of the services that were chosen."""
    return Choice("route", "Route", Spans(metrics).values("span_name", KNOWN))


def _routes(uid: str, metrics: SpanMetrics) -> Dashboard:
    asked = Spans(metrics, narrowed=(ROUTE,))
    return Dashboard(
        uid=uid,
        title=f"Code origin: routes and functions, from {metrics.maker}",
        description="Which route or function fails or is slow, and who wrote it, from "
        f"{metrics.maker}.",
        chosen=(asked.services(), choice_of_routes(metrics)),
        panels=(
            *over_time(asked),
            of_routes(asked),
            of_functions(metrics),
            parts.self_time(16),
            parts.method(),
        ),
        marked=(deployments(OF_SERVICE),),
    )


ROUTES: Final = (
    _routes("aiprov-routes", COLLECTOR),
    _routes("aiprov-routes-tempo", TEMPO),
)
