"""Dashboard: functions by code origin, over the metrics of aiprov_otel."""

from __future__ import annotations

from typing import Final

from dashboards import prometheus_names as names
from dashboards.grafana.aiprov_queries import BY, FAILED, AiprovQueries
from dashboards.grafana.annotations import deployments
from dashboards.grafana.dashboard import Dashboard
from dashboards.grafana.panel import Column, Panel
from dashboards.grafana.panel_style import TIMES
from dashboards.grafana.shared_panels import how_to_read
from dashboards.grafana.span_queries import RANGE, READING
from dashboards.grafana.variables import QueryVariable

_LEGEND: Final = f"{{{{{BY}}}}}"
_MODEL: Final = names.MODEL
_TYPES: Final = f"job, {names.ERROR_TYPE}, {BY}"
_QUERIES: Final = AiprovQueries()
_METHOD: Final = """\
Every function counts that the import hook counts, each call by **who wrote the function**.

An exception fails every function that it leaves, so error ratios of origins overlap: who *raised*
is on the dashboard of exceptions, each exception once. **Self time** is without the counted
functions that were called, so self times add up.

**Nothing here says why.** Functions of different origin do different work: a difference is a place
to look, and no verdict. `aiprov report` compares within the same routes, with limits."""

_PANELS: Final = (
    Panel(
        "Which functions fail more, by who wrote them?",
        "Failed calls a call of counted functions. An exception counts in each that it leaves.",
        "timeseries",
        _QUERIES.share_failed(BY),
        "percentunit",
        _LEGEND,
        width=24,
    ),
    Panel(
        "Do AI functions fail more? (crude)",
        "Over the time that is shown: 1 is the same. What the functions do differs too. "
        "Beside it, what it would be if all that has no known origin were of people, or of AI. No "
        "data with fewer than ten failed calls on either side.",
        "stat",
        _QUERIES.crude(),
        TIMES,
        f"{{{{{READING}}}}}",
        height=5,
    ),
    Panel(
        "How many calls have a known origin?",
        "The share of calls of functions whose origin is known. The rest says nothing.",
        "stat",
        _QUERIES.coverage(),
        "percentunit",
        height=5,
    ),
    Panel(
        "How many calls, by who wrote it?",
        "In the time that is shown: how much the comparison rests on.",
        "stat",
        _QUERIES.increase(names.CALLS, BY),
        legend=_LEGEND,
        height=5,
    ),
    Panel(
        "Whose functions take the time?",
        "Seconds of self time a second: where the service spends its time. It adds up.",
        "timeseries",
        _QUERIES.self_time(),
        "s",
        _LEGEND,
        width=12,
        stacked=True,
    ),
    Panel(
        "Whose calls are slow in themselves?",
        "Without the counted functions that it calls. A mean: a few slow calls can make it.",
        "timeseries",
        _QUERIES.mean_self_time(),
        "s",
        _LEGEND,
        width=12,
        logarithmic=True,
    ),
    Panel(
        "Who wrote what is deployed?",
        "What is deployed, whether it runs or not.",
        "bargauge",
        _QUERIES.share_of_lines(),
        "percentunit",
        _LEGEND,
        width=12,
        height=6,
    ),
    Panel(
        "Which model fails? (crude)",
        "AI-written functions, in the time that is shown. Crude: models wrote different things.",
        "bargauge",
        _QUERIES.share_failed(_MODEL, f'{BY}="ai"', over=RANGE),
        "percentunit",
        f"{{{{{_MODEL}}}}}",
        width=12,
        height=6,
    ),
    Panel(
        "Which errors, in whose functions?",
        "The twenty with most in the time that is shown.",
        "table",
        columns=(
            Column(
                "failed calls",
                f"topk(20, {_QUERIES.increase(names.CALLS, _TYPES, FAILED)})",
            ),
        ),
        width=24,
    ),
    how_to_read(_METHOD),
)

FUNCTIONS: Final = Dashboard(
    uid="aiprov-functions",
    title="Code origin: functions",
    description="Who wrote the functions that fail or take time: calls by code origin, from the "
    "metrics of aiprov_otel.",
    variables=(QueryVariable("job", "Job", f"label_values({names.CALLS}, job)"),),
    panels=_PANELS,
    annotations=(deployments('job=~"$job"'),),
)
