"""Dashboard: requests by code origin, over metrics of spans."""

from __future__ import annotations

from typing import Final

from dashboards import prometheus_names as names
from dashboards.grafana import shared_panels
from dashboards.grafana.aiprov_queries import OF_SERVICE
from dashboards.grafana.annotations import deployments
from dashboards.grafana.dashboard import Dashboard
from dashboards.grafana.links import one_service
from dashboards.grafana.panel import Column, Panel
from dashboards.grafana.panel_style import TIMES
from dashboards.grafana.shared_panels import INCLUSIVE
from dashboards.grafana.span_queries import (
    BY,
    FAILED_BY_HANDLER,
    FAILED_BY_LINE,
    KNOWN,
    RANGE,
    READING,
    SpanQueries,
)
from dashboards.grafana.variables import BUDGET
from dashboards.prometheus_names import COLLECTOR, TEMPO, SpanMetrics

_LEGEND: Final = f"{{{{{BY}}}}}"


def _crude(queries: SpanQueries) -> Panel:
    return Panel(
        "Do AI handlers fail more? (crude)",
        "Over the time that is shown: 1 is the same. What the handlers do differs too, and their "
        "traffic. Beside it, what it would be if all that has no known origin were of people, or "
        "of AI. No data with fewer than ten failed requests on either side.",
        "stat",
        queries.crude(),
        TIMES,
        f"{{{{{READING}}}}}",
        height=5,
    )


def _over_time(queries: SpanQueries) -> tuple[Panel, ...]:
    """Shows errors and latency by origin."""
    return (
        Panel(
            "Which handlers fail more, by origin?",
            "Failed requests a request: an origin with few requests jumps. Dots, where exemplars "
            "are stored, are single requests: click one to see its trace.",
            "timeseries",
            queries.share_failed(BY, KNOWN),
            "percentunit",
            _LEGEND,
            width=12,
            link=FAILED_BY_HANDLER,
        ),
        Panel(
            "Whose lines fail requests, minute by minute?",
            "The origin of the line that raised, whoever wrote the handler; they add up to all.",
            "timeseries",
            f"60 * {queries.raised()}",
            "reqpm",
            "{{raised_by}}",
            width=12,
            stacked=True,
            link=FAILED_BY_LINE,
        ),
        _latency(queries, "p50", 0.5),
        _latency(queries, "p95", 0.95),
        shared_panels.self_time(),
    )


def _latency(queries: SpanQueries, name: str, of: float) -> Panel:
    return Panel(
        f"Which handlers are slow? ({name})",
        INCLUSIVE,
        "timeseries",
        queries.quantile(of, BY, KNOWN),
        "s",
        _LEGEND,
        logarithmic=True,
    )


def _in_detail(queries: SpanQueries) -> tuple[Panel, ...]:
    """Shows errors by model and by route."""
    by = f"{queries.metrics.service}, span_name, raised_by, {BY}"
    failed = queries.raised(by, RANGE, "increase")
    return (
        Panel(
            "Which model's handlers fail? (crude)",
            "AI-written handlers, in the time that is shown. Crude: models wrote different things.",
            "bargauge",
            queries.share_failed(names.MODEL, f'{BY}="ai"', over=RANGE),
            "percentunit",
            f"{{{{{names.MODEL}}}}}",
            height=9,
        ),
        Panel(
            "Which routes fail, and who raised it?",
            "The twenty routes with most failures in the time that is shown.",
            "table",
            columns=(Column("failed requests", f"topk(20, {failed} > 0)"),),
            width=16,
            height=9,
            link=one_service(queries.metrics),
            linked="route",
        ),
    )


def _overview(uid: str, metrics: SpanMetrics) -> Dashboard:
    queries = SpanQueries(metrics)
    return Dashboard(
        uid=uid,
        title=f"Code origin: overview, from {metrics.maker}",
        description="Who wrote the code that fails or is slow: requests by code origin, from "
        f"{metrics.maker}.",
        variables=(queries.services(), BUDGET),
        panels=(
            *shared_panels.burning(queries),
            shared_panels.burn(queries),
            _crude(queries),
            shared_panels.failed_requests(queries),
            shared_panels.requests(queries),
            *_over_time(queries),
            *_in_detail(queries),
            shared_panels.method(shared_panels.IN_AN_INCIDENT),
        ),
        annotations=(deployments(OF_SERVICE),),
    )


OVERVIEWS: Final = (
    _overview("aiprov-overview", COLLECTOR),
    _overview("aiprov-overview-tempo", TEMPO),
)
