"""Exceptions by the origin of the line that raised, over our own metrics."""

from __future__ import annotations

from typing import Final

from aiprov_otel import attributes as keys
from aiprov_otel.backends import names
from aiprov_otel.backends.grafana.dashboard import Dashboard, traces
from aiprov_otel.backends.grafana.panel import Panel

_JOB: Final = 'job=~"$job"'
_BY: Final = names.EXCEPTION_ORIGIN
_LEGEND: Final = f"{{{{{_BY}}}}}"


def _sum(by: str, *matching: str, function: str = "increase", over: str = "$__range") -> str:
    matchers = ",".join([_JOB, *matching])
    return f"sum by ({by}) ({function}({names.EXCEPTIONS}{{{matchers}}}[{over}]))"


def _share() -> str:
    counted = _sum(_BY)
    return f"{counted} / scalar(sum({counted}))"


def _of_lines() -> str:
    """Exceptions of an origin for each thousand lines of it that are deployed."""
    lines = f'label_replace({names.LINES}{{{_JOB}}}, "{_BY}", "$1", "{names.ORIGIN}", "(.*)")'
    return f"1000 * {_sum(_BY)} / sum by ({_BY}) ({lines})"


_METHOD: Final = f"""\
An exception counts **once**, whatever it crosses, for the **line that raised it**: the innermost
line of your own code. `unknown` is a line that history says nothing about.

The lines deployed are the exposure, and a rough one: code that is called more raises more.

**Which commit:** follow the link of a series to its traces. `{keys.EXCEPTION_COMMIT_ID}` is on the
exception, with the agent and the model."""

_RAISED: Final = traces(
    f'{{ event.{keys.EXCEPTION_ORIGIN} = "${{__field.labels.{_BY}}}" }}', "traces"
)

_PANELS: Final = (
    Panel(
        "Exceptions a second, by who wrote the line that raised",
        "Each exception once; the origins add up to all.",
        "timeseries",
        _sum(_BY, function="rate", over="$__rate_interval"),
        "ops",
        _LEGEND,
        width=16,
        stacked=True,
        link=_RAISED,
    ),
    Panel("How to read this", "The method, and its limits.", "text", _METHOD),
    Panel(
        "Exceptions, by who wrote the line that raised",
        "In the time that is shown.",
        "stat",
        _sum(_BY),
        "short",
        _LEGEND,
        height=6,
    ),
    Panel(
        "Share of the exceptions",
        "Of all in the time that is shown.",
        "bargauge",
        _share(),
        "percentunit",
        _LEGEND,
        height=6,
    ),
    Panel(
        "Exceptions for each thousand deployed lines",
        "In the time that is shown. Lines are a rough measure of exposure: some run all the time, "
        "and some never.",
        "bargauge",
        _of_lines(),
        "short",
        _LEGEND,
        height=6,
    ),
    Panel(
        "Exceptions, by model that wrote the line",
        "AI-written lines, in the time that is shown. Crude: models wrote different amounts.",
        "bargauge",
        _sum(names.EXCEPTION_MODEL, f'{_BY}="ai"'),
        "short",
        f"{{{{{names.EXCEPTION_MODEL}}}}}",
        width=10,
    ),
    Panel(
        "Exceptions, by type and origin",
        "The twenty types with most exceptions in the time that is shown.",
        "table",
        f"topk(20, {_sum(f'job, {names.ERROR_TYPE}, {_BY}')})",
        width=14,
    ),
)

EXCEPTIONS: Final = Dashboard(
    uid="aiprov-exceptions",
    title="Code origin: exceptions",
    description="Who wrote the line that raised: exceptions by code origin, from the metrics of "
    "aiprov_otel.",
    chosen=("job", "Job", f"label_values({names.EXCEPTIONS}, job)"),
    panels=_PANELS,
)
