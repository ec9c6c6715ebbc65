"""Requests by code origin, over the Collector's metrics of spans."""

from __future__ import annotations

from typing import Final

from aiprov_otel import attributes as keys
from aiprov_otel.backends import names
from aiprov_otel.backends.grafana.dashboard import Dashboard, traces
from aiprov_otel.backends.grafana.panel import Panel

_RANGE: Final = "$__range"
_BY: Final = names.ORIGIN
_KNOWN: Final = f'{_BY}!=""'
_NAMED: Final = f'{_BY}!~"unknown|"'


def _rate(
    *matching: str, name: str = names.SPANS, over: str = "$__rate_interval", function: str = "rate"
) -> str:
    matchers = ",".join(['service_name=~"$service"', names.REQUEST, *matching])
    return f"{function}({name}{{{matchers}}}[{over}])"


def _share_failed(by: str, *matching: str, over: str = "$__rate_interval") -> str:
    """Failed requests a request; 0 where none failed."""
    made = f"sum by ({by}) ({_rate(*matching, over=over)})"
    failed = f"sum by ({by}) ({_rate(*matching, names.FAILED, over=over)})"
    return f"({failed} or {made} * 0) / {made}"


def _raised() -> str:
    """Failed requests a second by `raised_by`: of the line that raised, of the handler without."""
    said = f'"raised_by", ";", "{names.ERROR_ORIGIN}", "{_BY}"'
    joined = f"label_join({_rate(names.FAILED)}, {said})"
    first = f'label_replace({joined}, "raised_by", "$1", "raised_by", ";?([^;]*).*")'
    return f'sum by (raised_by) (label_replace({first}, "raised_by", "unknown", "raised_by", ""))'


def _crude() -> str:
    ai, human = (
        f"sum({_rate(matcher, names.FAILED, over=_RANGE)}) / sum({_rate(matcher, over=_RANGE)})"
        for matcher in (f'{_BY}="ai"', f'{_BY}="human"')
    )
    return f"({ai}) / ({human} > 0)"


def _quantile(of: float) -> str:
    return (
        f"histogram_quantile({of}, sum by (le, {_BY}) ({_rate(_KNOWN, name=names.SPAN_SECONDS)}))"
    )


_METHOD: Final = f"""\
**Origin** is who wrote the code, as its history says: `ai`, `human`, `mixed`, `unknown`. A request
counts for its handler; what failed counts, in the panels *by who raised it*, for the line that
raised, and for the handler where nothing was raised.

**Nothing here says why.** Code of different origin does different work, with different traffic:
a difference between two origins is a place to look, and no verdict. `aiprov report` compares within
the same routes, with limits.

**In an incident:** *Budget burn* names the origin that carries it. Follow its link to the failed
traces; `{keys.ERROR_COMMIT_ID}` on the failed span names the commit."""

_SERVICE: Final = 'resource.service.name =~ "${service:pipe}"'
_FAILED: Final = traces(
    f"{{ {_SERVICE} && status = error && span.{keys.ERROR_ORIGIN} = "
    '"${__field.labels.raised_by}" }',
    "failed traces",
)
_OF_HANDLER: Final = traces(
    f'{{ {_SERVICE} && status = error && span.{keys.ORIGIN} = "${{__field.labels.{_BY}}}" }}',
    "failed traces",
)

_PANELS: Final = (
    Panel(
        "Budget burn, by who raised it",
        "How many times faster than the objective allows requests fail: 1 uses the budget up just "
        "in time. The origins add up to the service's burn.",
        "timeseries",
        f"{_raised()} / scalar(sum({_rate()})) / ${{budget}}",
        "none",
        "{{raised_by}}",
        width=16,
        stacked=True,
        link=_FAILED,
    ),
    Panel("How to read this", "The method, and its limits.", "text", _METHOD),
    Panel(
        "Error ratio, AI-written over human-written handlers",
        "Crude, over the time that is shown: 1 is the same. What the handlers do differs too. "
        "No data where one of the two has no failed request.",
        "stat",
        _crude(),
        "none",
        width=6,
        height=5,
    ),
    Panel(
        "Coverage",
        "The share of requests that met a handler whose origin is known. The rest says nothing: "
        "`aiprov doctor` and `aiprov stats` say what would.",
        "stat",
        f"sum({_rate(_NAMED, over=_RANGE)}) / sum({_rate(_KNOWN, over=_RANGE)})",
        "percentunit",
        width=6,
        height=5,
    ),
    Panel(
        "Requests, by origin of the handler",
        "In the time that is shown: how much traffic the comparison rests on.",
        "stat",
        f"sum by ({_BY}) ({_rate(_KNOWN, over=_RANGE, function='increase')})",
        "short",
        f"{{{{{_BY}}}}}",
        width=6,
        height=5,
    ),
    Panel(
        "Failed requests, by origin of the handler",
        "In the time that is shown. With fewer than ten on a side, a ratio means little.",
        "stat",
        f"sum by ({_BY}) ({_rate(_KNOWN, names.FAILED, over=_RANGE, function='increase')})",
        "short",
        f"{{{{{_BY}}}}}",
        width=6,
        height=5,
    ),
    Panel(
        "Error ratio, by origin of the handler",
        "Failed requests a request. Dots, where exemplars are stored, are single requests: click "
        "one to see its trace.",
        "timeseries",
        _share_failed(_BY, _KNOWN),
        "percentunit",
        f"{{{{{_BY}}}}}",
        width=12,
        link=_OF_HANDLER,
    ),
    Panel(
        "Failed requests a second, by who raised it",
        "The origin of the line that raised, whoever wrote the handler; they add up to all.",
        "timeseries",
        _raised(),
        "reqps",
        "{{raised_by}}",
        width=12,
        stacked=True,
        link=_FAILED,
    ),
    Panel(
        "Latency p50, by origin of the handler",
        "Inclusive: with everything that the handler calls, databases and other services too.",
        "timeseries",
        _quantile(0.5),
        "s",
        f"{{{{{_BY}}}}}",
    ),
    Panel(
        "Latency p95, by origin of the handler",
        "Inclusive: with everything that the handler calls, databases and other services too.",
        "timeseries",
        _quantile(0.95),
        "s",
        f"{{{{{_BY}}}}}",
    ),
    Panel(
        "Error ratio, by model that wrote the handler",
        "AI-written handlers, in the time that is shown. Crude: models wrote different things.",
        "bargauge",
        _share_failed(names.MODEL, f'{_BY}="ai"', over=_RANGE),
        "percentunit",
        f"{{{{{names.MODEL}}}}}",
    ),
    Panel(
        "Failed requests, by route, handler and who raised it",
        "The twenty routes with most failures in the time that is shown.",
        "table",
        f"topk(20, sum by (service_name, span_name, {_BY}, {names.ERROR_ORIGIN}) "
        f"({_rate(names.FAILED, over=_RANGE, function='increase')}))",
        width=24,
        height=9,
    ),
)

OVERVIEW: Final = Dashboard(
    uid="aiprov-overview",
    title="Code origin: overview",
    description="Who wrote the code that fails or is slow: requests by code origin, from the "
    "Collector's span_metrics.",
    chosen=("service", "Service", f"label_values({names.SPANS}{{{_KNOWN}}}, service_name)"),
    panels=_PANELS,
    asked=(("budget", "Share of requests that may fail", "0.001"),),
)
