"""Dashboard: models and commits, over metrics of spans, metrics of aiprov_otel, and traces."""

from __future__ import annotations

from typing import Final

from dashboards import prometheus_names as names
from dashboards.grafana import shared_panels
from dashboards.grafana.aiprov_queries import FAILED, OF_SERVICE, AiprovQueries
from dashboards.grafana.annotations import deployments
from dashboards.grafana.dashboard import Dashboard
from dashboards.grafana.panel import Column, Panel
from dashboards.grafana.shared_panels import INCLUSIVE
from dashboards.grafana.span_queries import BY, RANGE, SpanQueries
from dashboards.grafana.variables import FORGE, QueryVariable
from dashboards.prometheus_names import COLLECTOR, TEMPO, SpanMetrics

_CHOSEN: Final = f'{names.MODEL}=~"$model"'
_LEGEND: Final = f"{{{{{names.MODEL}}}}}"
_NAMED: Final = f'{names.MODEL}!=""'
_EXCEPTION: Final = f'{names.EXCEPTION_MODEL}!="",{names.EXCEPTION_MODEL}=~"$model"'
_RAISED_BY: Final = f"{names.EXCEPTION_MODEL}, {names.EXCEPTION_ORIGIN}"
_MORE: Final = """

**Models are not compared here.** Each wrote other code, at another time, for other traffic. How
many lines of a model are deployed, and how often they run, stands beside what failed in them."""


def _over_time(queries: SpanQueries) -> tuple[Panel, ...]:
    return (
        Panel(
            "Which model's handlers fail? (crude)",
            "Failed requests a request. Crude: models wrote different things.",
            "timeseries",
            queries.share_failed(names.MODEL, _NAMED),
            "percentunit",
            _LEGEND,
            width=12,
        ),
        Panel(
            "Which model's handlers are slow?",
            INCLUSIVE,
            "timeseries",
            queries.quantile(0.95, names.MODEL, _NAMED),
            "s",
            _LEGEND,
            width=12,
            logarithmic=True,
        ),
    )


def _of_functions() -> tuple[Panel, ...]:
    ours = AiprovQueries(f"{OF_SERVICE},{_CHOSEN},{_NAMED}")
    by = f"{names.MODEL}, {BY}"
    return (
        Panel(
            "How do functions do, by model? (crude)",
            "Of packages under the import hook in mode `metrics`, in the time that is shown. An "
            "exception fails every function that it leaves.",
            "table",
            columns=(
                Column("failed", ours.increase(names.CALLS, by, FAILED)),
                Column("calls", ours.increase(names.CALLS, by)),
                Column("error ratio", ours.share_failed(by, over=RANGE), "percentunit"),
                Column("mean self time", ours.mean_self_time(by, over=RANGE), "s"),
                Column("deployed lines", ours.lines(by)),
            ),
            width=24,
        ),
        Panel(
            "Which model's lines raise?",
            "Each exception once, in the time that is shown.",
            "table",
            columns=(
                Column(
                    "exceptions",
                    AiprovQueries(f"{OF_SERVICE},{_EXCEPTION}").raised(_RAISED_BY),
                ),
            ),
            width=16,
            height=6,
        ),
    )


def _models(uid: str, metrics: SpanMetrics) -> Dashboard:
    queries = SpanQueries(metrics, narrowed=(_CHOSEN,))
    models = QueryVariable("model", "Model", SpanQueries(metrics).values(names.MODEL, _NAMED))
    return Dashboard(
        uid=uid,
        title=f"Code origin: models and commits, from {metrics.maker}",
        description="Which model and which commit wrote what fails: requests by model from "
        f"{metrics.maker}, functions from the metrics of aiprov_otel, commits from traces.",
        variables=(queries.services(), models, FORGE),
        panels=(
            *_over_time(queries),
            shared_panels.table(
                queries,
                "How do handlers do, by model? (crude)",
                f"In the time that is shown. {INCLUSIVE} Crude: models wrote different things.",
                f"{names.MODEL}, {BY}",
                _NAMED,
            ),
            *_of_functions(),
            shared_panels.share_of_lines(names.MODEL, "How much is deployed, by model?"),
            shared_panels.method(_MORE),
        ),
        from_traces=(shared_panels.commits(), shared_panels.failures()),
        folded=metrics is not TEMPO,
        annotations=(deployments(OF_SERVICE),),
    )


MODELS: Final = (
    _models("aiprov-models", COLLECTOR),
    _models("aiprov-models-tempo", TEMPO),
)
