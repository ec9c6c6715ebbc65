"""Requests by code origin, over metrics of spans, whoever makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiprov_otel import attributes as keys
from aiprov_otel.backends import names
from aiprov_otel.backends.grafana.dashboard import Dashboard, traces
from aiprov_otel.backends.grafana.panel import Panel
from aiprov_otel.backends.names import COLLECTOR, TEMPO, SpanMetrics

_RANGE: Final = "$__range"
_BY: Final = names.ORIGIN
_KNOWN: Final = f'{_BY}!=""'
_NAMED: Final = f'{_BY}!~"unknown|"'


@dataclass(frozen=True, slots=True)
class _Queries:
    """The queries over the metrics that somebody makes of spans."""

    metrics: SpanMetrics

    def rate(self, *matching: str, over: str = "$__rate_interval") -> str:
        """Requests a second."""
        return f"rate({self._of(self.metrics.calls, *matching)}[{over}])"

    def increase(self, *matching: str) -> str:
        """Requests in the time that is shown."""
        return f"increase({self._of(self.metrics.calls, *matching)}[{_RANGE}])"

    def share_failed(self, by: str, *matching: str, over: str = "$__rate_interval") -> str:
        """Failed requests a request; 0 where none failed."""
        made = f"sum by ({by}) ({self.rate(*matching, over=over)})"
        failed = f"sum by ({by}) ({self.rate(*matching, names.FAILED, over=over)})"
        return f"({failed} or {made} * 0) / {made}"

    def raised(self) -> str:
        """Failed requests a second by `raised_by`: of the line that raised, else of the handler."""
        said = f'"raised_by", ";", "{names.ERROR_ORIGIN}", "{_BY}"'
        joined = f"label_join({self.rate(names.FAILED)}, {said})"
        first = f'label_replace({joined}, "raised_by", "$1", "raised_by", ";?([^;]*).*")'
        named = f'label_replace({first}, "raised_by", "unknown", "raised_by", "")'
        return f"sum by (raised_by) ({named})"

    def crude(self) -> str:
        """The error ratio of AI-written handlers over that of human-written ones."""
        ai, human = (
            f"sum({self.rate(matcher, names.FAILED, over=_RANGE)})"
            f" / sum({self.rate(matcher, over=_RANGE)})"
            for matcher in (f'{_BY}="ai"', f'{_BY}="human"')
        )
        return f"({ai}) / ({human} > 0)"

    def quantile(self, of: float) -> str:
        """How long requests take, by origin of the handler."""
        seconds = f"rate({self._of(self.metrics.seconds, _KNOWN)}[$__rate_interval])"
        return f"histogram_quantile({of}, sum by (le, {_BY}) ({seconds}))"

    def _of(self, name: str, *matching: str) -> str:
        service = f'{self.metrics.service}=~"$service"'
        return f"{name}{{{','.join([service, names.REQUEST, *matching])}}}"


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


def _burn(asked: _Queries) -> tuple[Panel, ...]:
    """What an incident begins with."""
    return (
        Panel(
            "Budget burn, by who raised it",
            "How many times faster than the objective allows requests fail: 1 uses the budget up "
            "just in time. The origins add up to the service's burn.",
            "timeseries",
            f"{asked.raised()} / scalar(sum({asked.rate()})) / ${{budget}}",
            "none",
            "{{raised_by}}",
            width=16,
            stacked=True,
            link=_FAILED,
        ),
        Panel("How to read this", "The method, and its limits.", "text", _METHOD),
    )


def _in_numbers(asked: _Queries) -> tuple[Panel, ...]:
    """What the comparison is, and what it rests on."""
    return (
        Panel(
            "Error ratio, AI-written over human-written handlers",
            "Crude, over the time that is shown: 1 is the same. What the handlers do differs too. "
            "No data where one of the two has no failed request.",
            "stat",
            asked.crude(),
            "none",
            width=6,
            height=5,
        ),
        Panel(
            "Coverage",
            "The share of requests that met a handler whose origin is known. The rest says "
            "nothing: `aiprov doctor` and `aiprov stats` say what would.",
            "stat",
            f"sum({asked.rate(_NAMED, over=_RANGE)}) / sum({asked.rate(_KNOWN, over=_RANGE)})",
            "percentunit",
            width=6,
            height=5,
        ),
        Panel(
            "Requests, by origin of the handler",
            "In the time that is shown: how much traffic the comparison rests on.",
            "stat",
            f"sum by ({_BY}) ({asked.increase(_KNOWN)})",
            "short",
            f"{{{{{_BY}}}}}",
            width=6,
            height=5,
        ),
        Panel(
            "Failed requests, by origin of the handler",
            "In the time that is shown. With fewer than ten on a side, a ratio means little.",
            "stat",
            f"sum by ({_BY}) ({asked.increase(_KNOWN, names.FAILED)})",
            "short",
            f"{{{{{_BY}}}}}",
            width=6,
            height=5,
        ),
    )


def _over_time(asked: _Queries) -> tuple[Panel, ...]:
    """Errors and latency by origin."""
    return (
        Panel(
            "Error ratio, by origin of the handler",
            "Failed requests a request. Dots, where exemplars are stored, are single requests: "
            "click one to see its trace.",
            "timeseries",
            asked.share_failed(_BY, _KNOWN),
            "percentunit",
            f"{{{{{_BY}}}}}",
            width=12,
            link=_OF_HANDLER,
        ),
        Panel(
            "Failed requests a second, by who raised it",
            "The origin of the line that raised, whoever wrote the handler; they add up to all.",
            "timeseries",
            asked.raised(),
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
            asked.quantile(0.5),
            "s",
            f"{{{{{_BY}}}}}",
        ),
        Panel(
            "Latency p95, by origin of the handler",
            "Inclusive: with everything that the handler calls, databases and other services too.",
            "timeseries",
            asked.quantile(0.95),
            "s",
            f"{{{{{_BY}}}}}",
        ),
    )


def _in_detail(asked: _Queries) -> tuple[Panel, ...]:
    """By model and by route."""
    return (
        Panel(
            "Error ratio, by model that wrote the handler",
            "AI-written handlers, in the time that is shown. Crude: models wrote different things.",
            "bargauge",
            asked.share_failed(names.MODEL, f'{_BY}="ai"', over=_RANGE),
            "percentunit",
            f"{{{{{names.MODEL}}}}}",
        ),
        Panel(
            "Failed requests, by route, handler and who raised it",
            "The twenty routes with most failures in the time that is shown.",
            "table",
            f"topk(20, sum by ({asked.metrics.service}, span_name, {_BY}, {names.ERROR_ORIGIN}) "
            f"({asked.increase(names.FAILED)}))",
            width=24,
            height=9,
        ),
    )


def _overview(uid: str, metrics: SpanMetrics) -> Dashboard:
    asked = _Queries(metrics)
    return Dashboard(
        uid=uid,
        title=f"Code origin: overview, from {metrics.maker}",
        description="Who wrote the code that fails or is slow: requests by code origin, from "
        f"{metrics.maker}.",
        chosen=(
            "service",
            "Service",
            f"label_values({metrics.calls}{{{_KNOWN}}}, {metrics.service})",
        ),
        panels=(*_burn(asked), *_in_numbers(asked), *_over_time(asked), *_in_detail(asked)),
        asked=(("budget", "Share of requests that may fail", "0.001"),),
    )


OVERVIEWS: Final = (
    _overview("aiprov-overview", COLLECTOR),
    _overview("aiprov-overview-tempo", TEMPO),
)
