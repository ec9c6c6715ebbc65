"""Requests by code origin, over metrics of spans, whoever makes them."""

from __future__ import annotations

from typing import Final

from aiprov_otel.backends import names
from aiprov_otel.backends.grafana import parts
from aiprov_otel.backends.grafana.dashboard import Dashboard
from aiprov_otel.backends.grafana.links import deployments, one_service
from aiprov_otel.backends.grafana.look import TIMES
from aiprov_otel.backends.grafana.ours import OF_SERVICE
from aiprov_otel.backends.grafana.panel import Column, Panel
from aiprov_otel.backends.grafana.spans import (
    BY,
    FAILED_BY_HANDLER,
    FAILED_BY_LINE,
    KNOWN,
    RANGE,
    Spans,
)
from aiprov_otel.backends.grafana.variables import BUDGET
from aiprov_otel.backends.names import COLLECTOR, TEMPO, SpanMetrics

_LEGEND: Final = f"{{{{{BY}}}}}"


def _crude(asked: Spans) -> Panel:
    return Panel(
        "Error ratio, AI over human handlers (crude)",
        "Over the time that is shown: 1 is the same. What the handlers do differs too, and their "
        "traffic. No data with fewer than ten failed requests on either side.",
        "stat",
        asked.crude(),
        TIMES,
        height=5,
    )


def _over_time(asked: Spans) -> tuple[Panel, ...]:
    """Errors and latency by origin."""
    return (
        Panel(
            "Error ratio, by origin of the handler",
            "Failed requests a request: an origin with few requests jumps. Dots, where exemplars "
            "are stored, are single requests: click one to see its trace.",
            "timeseries",
            asked.share_failed(BY, KNOWN),
            "percentunit",
            _LEGEND,
            width=12,
            link=FAILED_BY_HANDLER,
        ),
        Panel(
            "Failed requests a minute, by who raised it",
            "The origin of the line that raised, whoever wrote the handler; they add up to all.",
            "timeseries",
            f"60 * {asked.raised()}",
            "reqpm",
            "{{raised_by}}",
            width=12,
            stacked=True,
            link=FAILED_BY_LINE,
        ),
        _latency(asked, "p50", 0.5),
        _latency(asked, "p95", 0.95),
        parts.self_time(),
    )


def _latency(asked: Spans, name: str, of: float) -> Panel:
    return Panel(
        f"Latency {name} (inclusive), by origin of the handler",
        parts.INCLUSIVE,
        "timeseries",
        asked.quantile(of, BY, KNOWN),
        "s",
        _LEGEND,
        logarithmic=True,
    )


def _in_detail(asked: Spans) -> tuple[Panel, ...]:
    """By model and by route."""
    by = f"{asked.metrics.service}, span_name, raised_by, {BY}"
    failed = asked.raised(by, RANGE, "increase")
    return (
        Panel(
            "Error ratio, by model of the handler",
            "AI-written handlers, in the time that is shown. Crude: models wrote different things.",
            "bargauge",
            asked.share_failed(names.MODEL, f'{BY}="ai"', over=RANGE),
            "percentunit",
            f"{{{{{names.MODEL}}}}}",
            height=9,
        ),
        Panel(
            "Failed requests, by route, who raised it, and who wrote the handler",
            "The twenty routes with most failures in the time that is shown.",
            "table",
            columns=(Column("failed requests", f"topk(20, {failed} > 0)"),),
            width=16,
            height=9,
            link=one_service(asked.metrics),
            linked="route",
        ),
    )


def _overview(uid: str, metrics: SpanMetrics) -> Dashboard:
    asked = Spans(metrics)
    return Dashboard(
        uid=uid,
        title=f"Code origin: overview, from {metrics.maker}",
        description="Who wrote the code that fails or is slow: requests by code origin, from "
        f"{metrics.maker}.",
        chosen=(asked.services(), BUDGET),
        panels=(
            *parts.burning(asked),
            parts.burn(asked),
            parts.method(parts.IN_AN_INCIDENT),
            _crude(asked),
            parts.failed_requests(asked),
            parts.requests(asked),
            *_over_time(asked),
            *_in_detail(asked),
        ),
        marked=(deployments(OF_SERVICE),),
    )


OVERVIEWS: Final = (
    _overview("aiprov-overview", COLLECTOR),
    _overview("aiprov-overview-tempo", TEMPO),
)
