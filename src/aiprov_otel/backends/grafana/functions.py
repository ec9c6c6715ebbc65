"""Functions by code origin, over our own metrics."""

from __future__ import annotations

from typing import Final

from aiprov_otel.backends import names
from aiprov_otel.backends.grafana.dashboard import Dashboard
from aiprov_otel.backends.grafana.panel import Panel

_JOB: Final = 'job=~"$job"'
_BY: Final = names.ORIGIN
_LEGEND: Final = f"{{{{{_BY}}}}}"
_FAILED: Final = f'{names.ERROR_TYPE}!=""'
_RANGE: Final = "$__range"


def _rate(name: str, *matching: str, over: str = "$__rate_interval") -> str:
    return f"rate({name}{{{','.join([_JOB, *matching])}}}[{over}])"


def _share_failed(by: str, *matching: str, over: str = "$__rate_interval") -> str:
    """Failed calls a call; 0 where none failed."""
    made = f"sum by ({by}) ({_rate(names.CALLS, *matching, over=over)})"
    failed = f"sum by ({by}) ({_rate(names.CALLS, *matching, _FAILED, over=over)})"
    return f"({failed} or {made} * 0) / {made}"


def _crude() -> str:
    ai, human = (
        f"sum({_rate(names.CALLS, matcher, _FAILED, over=_RANGE)})"
        f" / sum({_rate(names.CALLS, matcher, over=_RANGE)})"
        for matcher in (f'{_BY}="ai"', f'{_BY}="human"')
    )
    return f"({ai}) / ({human} > 0)"


def _increase(by: str, *matching: str) -> str:
    matchers = ",".join([_JOB, *matching])
    return f"sum by ({by}) (increase({names.CALLS}{{{matchers}}}[{_RANGE}]))"


_KNOWN: Final = _rate(names.CALLS, f'{_BY}!="unknown"', over=_RANGE)
_SELF_TIME: Final = f"sum by ({_BY}) ({_rate(names.SELF_TIME)})"
_METHOD: Final = """\
Every function counts that the import hook counts, each call by **who wrote the function**.

An exception fails every function that it leaves, so error ratios of origins overlap: who *raised*
is on the dashboard of exceptions, each exception once. **Self time** is without the counted
functions that were called, so self times add up.

**Nothing here says why.** Functions of different origin do different work: a difference is a place
to look, and no verdict. `aiprov report` compares within the same routes, with limits."""

_PANELS: Final = (
    Panel(
        "Error ratio of calls, by origin",
        "Failed calls a call of counted functions. An exception counts in each that it leaves.",
        "timeseries",
        _share_failed(_BY),
        "percentunit",
        _LEGEND,
        width=16,
    ),
    Panel("How to read this", "The method, and its limits.", "text", _METHOD),
    Panel(
        "Error ratio, AI-written over human-written functions",
        "Crude, over the time that is shown: 1 is the same. What the functions do differs too.",
        "stat",
        _crude(),
        "none",
        height=5,
    ),
    Panel(
        "Coverage of calls",
        "The share of calls of functions whose origin is known. The rest says nothing.",
        "stat",
        f"sum({_KNOWN}) / sum({_rate(names.CALLS, over=_RANGE)})",
        "percentunit",
        height=5,
    ),
    Panel(
        "Calls, by origin",
        "In the time that is shown: how much the comparison rests on.",
        "stat",
        _increase(_BY),
        "short",
        _LEGEND,
        height=5,
    ),
    Panel(
        "Time in functions, by origin",
        "Seconds of self time a second: where the service spends its time. It adds up.",
        "timeseries",
        _SELF_TIME,
        "s",
        _LEGEND,
        width=12,
        stacked=True,
    ),
    Panel(
        "Mean self time of a call, by origin",
        "Without the counted functions that it calls. A mean: a few slow calls can make it.",
        "timeseries",
        f"{_SELF_TIME} / sum by ({_BY}) ({_rate(names.CALLS)})",
        "s",
        _LEGEND,
        width=12,
    ),
    Panel(
        "Share of the deployed lines, by origin",
        "What is deployed, whether it runs or not.",
        "bargauge",
        f"sum by ({_BY}) ({names.LINES}{{{_JOB}}}) / scalar(sum({names.LINES}{{{_JOB}}}))",
        "percentunit",
        _LEGEND,
    ),
    Panel(
        "Error ratio of calls, by model",
        "AI-written functions, in the time that is shown. Crude: models wrote different things.",
        "bargauge",
        _share_failed(names.MODEL, f'{_BY}="ai"', over=_RANGE),
        "percentunit",
        f"{{{{{names.MODEL}}}}}",
    ),
    Panel(
        "Failed calls, by type of error and origin",
        "The twenty with most in the time that is shown.",
        "table",
        f"topk(20, {_increase(f'job, {names.ERROR_TYPE}, {_BY}', _FAILED)})",
    ),
)

FUNCTIONS: Final = Dashboard(
    uid="aiprov-functions",
    title="Code origin: functions",
    description="Who wrote the functions that fail or take time: calls by code origin, from the "
    "metrics of aiprov_otel.",
    chosen=("job", "Job", f"label_values({names.CALLS}, job)"),
    panels=_PANELS,
)
