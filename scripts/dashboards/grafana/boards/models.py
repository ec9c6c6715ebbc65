"""Models and commits, over metrics of spans, our own metrics, and traces."""

from __future__ import annotations

from typing import Final

from aiprov_otel.backends import names
from aiprov_otel.backends.grafana import parts
from aiprov_otel.backends.grafana.dashboard import Dashboard
from aiprov_otel.backends.grafana.links import deployments
from aiprov_otel.backends.grafana.ours import FAILED, OF_SERVICE, Ours
from aiprov_otel.backends.grafana.panel import Column, Panel
from aiprov_otel.backends.grafana.spans import BY, RANGE, Spans
from aiprov_otel.backends.grafana.variables import FORGE, Choice
from aiprov_otel.backends.names import COLLECTOR, TEMPO, SpanMetrics

_CHOSEN: Final = f'{names.MODEL}=~"$model"'
_LEGEND: Final = f"{{{{{names.MODEL}}}}}"
_NAMED: Final = f'{names.MODEL}!=""'
_EXCEPTION: Final = f'{names.EXCEPTION_MODEL}!="",{names.EXCEPTION_MODEL}=~"$model"'
_RAISED_BY: Final = f"{names.EXCEPTION_MODEL}, {names.EXCEPTION_ORIGIN}"
_MORE: Final = """

**Models are not compared here.** Each wrote other code, at another time, for other traffic. How
many lines of a model are deployed, and how often they run, stands beside what failed in them."""


def _over_time(asked: Spans) -> tuple[Panel, ...]:
    return (
        Panel(
            "Error ratio, by model of the handler",
            "Failed requests a request. Crude: models wrote different things.",
            "timeseries",
            asked.share_failed(names.MODEL, _NAMED),
            "percentunit",
            _LEGEND,
        ),
        Panel(
            "Latency p95 (inclusive), by model of the handler",
            parts.INCLUSIVE,
            "timeseries",
            asked.quantile(0.95, names.MODEL, _NAMED),
            "s",
            _LEGEND,
            logarithmic=True,
        ),
        parts.method(_MORE),
    )


def _of_functions() -> tuple[Panel, ...]:
    ours = Ours(f"{OF_SERVICE},{_CHOSEN},{_NAMED}")
    by = f"{names.MODEL}, {BY}"
    return (
        Panel(
            "Functions, by model that wrote them",
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
            width=14,
        ),
        Panel(
            "Exceptions, by model that wrote the line that raised",
            "Each exception once, in the time that is shown.",
            "table",
            columns=(
                Column(
                    "exceptions",
                    Ours(f"{OF_SERVICE},{_EXCEPTION}").raised(_RAISED_BY),
                ),
            ),
            width=10,
        ),
    )


def _models(uid: str, metrics: SpanMetrics) -> Dashboard:
    asked = Spans(metrics, narrowed=(_CHOSEN,))
    models = Choice("model", "Model", Spans(metrics).values(names.MODEL, _NAMED))
    return Dashboard(
        uid=uid,
        title=f"Code origin: models and commits, from {metrics.maker}",
        description="Which model and which commit wrote what fails: requests by model from "
        f"{metrics.maker}, functions from the metrics of aiprov_otel, commits from traces.",
        chosen=(asked.services(), models, FORGE),
        panels=(
            *_over_time(asked),
            parts.table(
                asked,
                "Requests, by model of the handler",
                f"In the time that is shown. {parts.INCLUSIVE} Crude: models wrote different "
                "things.",
                f"{names.MODEL}, {BY}",
                _NAMED,
            ),
            *_of_functions(),
            parts.commits(),
            parts.share_of_lines(names.MODEL, "model"),
            parts.failures(),
        ),
        marked=(deployments(OF_SERVICE),),
    )


MODELS: Final = (
    _models("aiprov-models", COLLECTOR),
    _models("aiprov-models-tempo", TEMPO),
)
