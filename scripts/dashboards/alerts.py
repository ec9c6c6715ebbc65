"""The alerts, once for every backend that has alerts: what pages, and what is a ticket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from aiprov_otel import attributes as keys
from dashboards import prometheus_names as names
from dashboards.traceql import failed_by

GRAFANA: Final = "grafana"
JAEGER: Final = "jaeger"

_SERVICE: Final = "{{ $labels.service_name }}"
_RAISED_BY: Final = "{{ $labels.raised_by }}"
_SHARE: Final = "{{ $value | humanizePercentage }}"
_SECONDS: Final = {"1h": 3_600, "6h": 21_600}


@dataclass(frozen=True, slots=True)
class Alert:
    """
    An alert. Its texts are Go templates with `$labels` and `$value`.

    Attributes:
        name: for routes and silences.
        expression: PromQL over what `prometheus/` records; its value is a share.
        severity: `page` or `ticket`.
        summary: one line.
        description: what it means, and what to look at, line by line.
        links: by name, `GRAFANA` or `JAEGER`, and the path below its address.
        wait: how long it has to hold, in Prometheus' notation.
    """

    name: str
    expression: str
    severity: str
    summary: str
    description: tuple[str, ...]
    links: Mapping[str, tuple[str, str]]
    wait: str = "0s"


def _dashboard(uid: str, variable: str, label: str) -> tuple[str, str]:
    return GRAFANA, f"/d/{uid}?var-{variable}={{{{ $labels.{label} | urlquery }}}}"


def _search(tags: Mapping[str, str]) -> tuple[str, str]:
    """Links to Jaeger's search for spans of the service with *tags*."""
    quoted = quote(json.dumps(tags, separators=(",", ":"))).replace(quote(_RAISED_BY), _RAISED_BY)
    return JAEGER, f"/search?service={{{{ $labels.service_name | urlquery }}}}&tags={quoted}"


def _explore(matching: str, *by: str) -> str:
    """Says what to type into Tempo to count spans of the service."""
    spans = f'{{ resource.service.name = "{_SERVICE}" && {matching} }}'
    labels = ", ".join(f"span.{key}" for key in by)
    return f"Grafana Explore, Tempo: {spans} | count_over_time() by ({labels})"


def _burn(name: str, long: str, short: str, factor: float) -> Alert:
    """
    Fires when the budget burned *factor* times too fast within *long*, and still does in *short*.

    A service with little traffic has a ratio too: a few failures wake nobody up.
    """
    too_fast = (
        f"and on (service_name) (sum by (service_name) (aiprov:burn:rate{window}) > {factor})"
        for window in (long, short)
    )
    failures = f"{_SECONDS[long]} * sum by (service_name) (aiprov:request_errors:rate{long})"
    expression = (
        f"topk by (service_name) (1, aiprov:burn_share:rate{long})",
        *too_fast,
        f"and on (service_name) {failures} >= scalar(aiprov:fewest_failures)",
        f'and on (service_name) aiprov:requests:rate{long}{{{names.ORIGIN}!=""}}',
    )
    return Alert(
        name,
        "\n  ".join(expression),
        "page",
        f"{_SERVICE} burns its error budget more than {factor} times too fast; "
        f"{_RAISED_BY} code carries {_SHARE} of it",
        _WHICH_COMMIT,
        _FAILED,
    )


_WHICH_COMMIT: Final = (
    (
        f"Which commit raised it: {keys.ERROR_COMMIT_ID} on the failed spans says so, or "
        f"{keys.COMMIT_ID} where nothing was raised, as by a handler that returned a 500."
    ),
    _explore(failed_by(_RAISED_BY), keys.ERROR_COMMIT_ID, keys.COMMIT_ID),
    (
        f"Jaeger: service {_SERVICE}, tags {keys.ERROR_ORIGIN}={_RAISED_BY}; where that finds "
        f"nothing, nothing was raised: {keys.ERROR_OUTCOME}=escaped {keys.ORIGIN}={_RAISED_BY}."
    ),
    (
        "The origin says where to look first, and not why it failed. A deployment, a dependency or "
        "traffic may be the cause: compare with what was deployed when it began."
    ),
)
_FAILED: Final = {
    "dashboard": _dashboard("aiprov-overview", "service", "service_name"),
    "traces": _search({keys.ERROR_ORIGIN: _RAISED_BY}),
}
_SILENT: Final = (
    "history says nothing about these lines. A commit without a mark is unknown until "
    "`unmarked_human_since` says since when your team marks its AI work, or `unmarked` what such "
    "commits are ([tool.aiprov] in pyproject.toml); `aiprov stats` says what else would tell."
)
_UNKNOWN_REQUESTS: Final = Alert(
    "AiprovRequestsUnknown",
    "aiprov:request_unknown_share:rate1h > scalar(aiprov:request_unknown_allowed)",
    "ticket",
    f"{_SHARE} of the requests of {_SERVICE} are served by code of unknown origin",
    (
        "What is said of origins rests on the other requests. Look which of three it is:",
        f'{keys.MATCH} is "exact": {_SILENT}',
        (
            f'{keys.MATCH} is "missing": the service has no manifest, or another one. '
            "Run `aiprov doctor -- CMD` where it runs."
        ),
        (
            f'{keys.MATCH} is "stale": files were changed after `aiprov build`. '
            "Build the manifest from what is shipped."
        ),
        _explore(f'span.{keys.ORIGIN} = "unknown"', keys.MATCH),
    ),
    {
        "dashboard": _dashboard("aiprov-overview", "service", "service_name"),
        "traces": _search({keys.ORIGIN: "unknown"}),
    },
    wait="1h",
)
_UNKNOWN_FUNCTIONS: Final = Alert(
    "AiprovFunctionsUnknown",
    "aiprov:function_unknown_share:rate1h > scalar(aiprov:function_unknown_allowed)",
    "ticket",
    f"{_SHARE} of the calls of functions of {{{{ $labels.job }}}} are of unknown origin",
    (
        "What error ratios by origin say rests on the other calls.",
        f"As a rule {_SILENT}",
        (
            "Or the service has no manifest, another one, or files that were changed after "
            "`aiprov build`: `aiprov doctor -- CMD`, where it runs, says which, and what to do."
        ),
    ),
    {"dashboard": _dashboard("aiprov-functions", "job", "job")},
    wait="1h",
)

ALERTS: Final = (
    # 2 % of a month's budget goes in an hour, 5 % in six. They fire whoever's code it is, for
    # services that use aiprov_otel, and name the origin that carries most.
    _burn("AiprovBudgetBurnFast", "1h", "5m", 14.4),
    _burn("AiprovBudgetBurnSlow", "6h", "30m", 6),
    _UNKNOWN_REQUESTS,
    _UNKNOWN_FUNCTIONS,
)
