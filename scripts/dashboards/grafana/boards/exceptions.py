"""Dashboard: exceptions by the origin of the line that raised, over metrics of aiprov_otel."""

from __future__ import annotations

from typing import Final

from aiprov_otel import attributes as keys
from dashboards import prometheus_names as names
from dashboards.grafana.aiprov_queries import HANDLED, RAISED_BY, AiprovQueries
from dashboards.grafana.annotations import deployments
from dashboards.grafana.dashboard import Dashboard
from dashboards.grafana.links import traces
from dashboards.grafana.panel import Column, Panel
from dashboards.grafana.shared_panels import how_to_read
from dashboards.grafana.variables import QueryVariable

_LEGEND: Final = f"{{{{{RAISED_BY}}}}}"
_QUERIES: Final = AiprovQueries()
_COUNTED: Final = _QUERIES.raised(RAISED_BY)


def _of_lines() -> str:
    """Returns exceptions per thousand deployed lines of the origin."""
    lines = f'label_replace({_QUERIES.lines()}, "{RAISED_BY}", "$1", "{names.ORIGIN}", "(.*)")'
    return f"1000 * {_COUNTED} / sum by ({RAISED_BY}) ({lines})"


_METHOD: Final = f"""\
An exception counts **once**, whatever it crosses, for the **line that raised it**: the innermost
line of your own code. `unknown` is a line that history says nothing about. What a handler swallowed
has a panel of its own, and is in no other.

The lines deployed are the exposure, and a rough one: code that is called more raises more.
**Nothing here says why** a line raised: what called it, and with what, may be another's.

**Which commit:** follow the link of a series to its traces. `{keys.EXCEPTION_COMMIT_ID}` is on the
exception, with the agent and the model."""

_RAISED: Final = traces(
    f'{{ event.{keys.EXCEPTION_ORIGIN} = "${{__field.labels.{RAISED_BY}}}" }}', "traces"
)

_PANELS: Final = (
    Panel(
        "Whose lines raise, minute by minute?",
        "Each that failed a request, a task or a process, once; the origins add up to all.",
        "timeseries",
        f"60 * sum by ({RAISED_BY}) ({_QUERIES.rate(names.EXCEPTIONS, names.ESCAPED)})",
        "opm",
        _LEGEND,
        width=24,
        stacked=True,
        link=_RAISED,
    ),
    Panel(
        "How many exceptions, by whose line?",
        "In the time that is shown.",
        "stat",
        _COUNTED,
        legend=_LEGEND,
        height=6,
    ),
    Panel(
        "Which share, by whose line?",
        "Of all in the time that is shown.",
        "bargauge",
        f"{_COUNTED} / scalar(sum({_COUNTED}))",
        "percentunit",
        _LEGEND,
        height=6,
    ),
    Panel(
        "How many per thousand lines?",
        "In the time that is shown. Lines are a rough measure of exposure: some run all the time, "
        "and some never.",
        "bargauge",
        _of_lines(),
        "short",
        _LEGEND,
        height=6,
    ),
    Panel(
        "Which types, raised by whom?",
        "The twenty types with most exceptions in the time that is shown.",
        "table",
        columns=(
            Column(
                "exceptions",
                f"topk(20, {_QUERIES.raised(f'job, {names.ERROR_TYPE}, {RAISED_BY}')})",
            ),
        ),
        width=16,
    ),
    Panel(
        "Which model's lines raise? (crude)",
        "AI-written lines, in the time that is shown. Crude: models wrote different amounts.",
        "bargauge",
        _QUERIES.raised(names.EXCEPTION_MODEL, f'{RAISED_BY}="ai"'),
        legend=f"{{{{{names.EXCEPTION_MODEL}}}}}",
    ),
    Panel(
        "What was handled, by whose line?",
        "What the code around made up for, in the time that is shown: by spans, and by an `except` "
        "in packages under the import hook. They failed no request, and count nowhere else.",
        "stat",
        _QUERIES.increase(names.EXCEPTIONS, RAISED_BY, HANDLED),
        legend=_LEGEND,
        height=6,
    ),
    how_to_read(_METHOD, 16),
)

EXCEPTIONS: Final = Dashboard(
    uid="aiprov-exceptions",
    title="Code origin: exceptions",
    description="Who wrote the line that raised: exceptions by code origin, from the metrics of "
    "aiprov_otel.",
    variables=(QueryVariable("job", "Job", f"label_values({names.EXCEPTIONS}, job)"),),
    panels=_PANELS,
    annotations=(deployments('job=~"$job"'),),
)
