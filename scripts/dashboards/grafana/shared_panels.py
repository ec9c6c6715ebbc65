"""Panels that several dashboards have."""

from __future__ import annotations

from typing import Final

from aiprov_otel import attributes as keys
from aiprov_otel.backends import names
from aiprov_otel.backends.grafana.links import commit, one_service
from aiprov_otel.backends.grafana.look import TIMES
from aiprov_otel.backends.grafana.ours import OF_SERVICE, RAISED_BY, Ours
from aiprov_otel.backends.grafana.panel import Column, Panel
from aiprov_otel.backends.grafana.source import TEMPO
from aiprov_otel.backends.grafana.spans import BY, FAILED_BY_LINE, KNOWN, RANGE, SERVICE, Spans

OURS: Final = Ours(OF_SERVICE)
INCLUSIVE: Final = (
    "Inclusive: with everything that is called below, databases and other services too."
)
_BURNS: Final = ((1, "yellow"), (6, "orange"), (14.4, "red"))
_REST: Final = ((0, "orange"), (0.5, "text"))


def method(more: str = "") -> Panel:
    """What origin means, and what none of it tells; *more* is about the dashboard."""
    return Panel("How to read this", "The method, and its limits.", "text", _METHOD + more)


_METHOD: Final = """\
**Origin** is who wrote the code, as its history says: `ai`, `human`, `mixed`, `unknown`. A request
counts for its handler; what failed counts, in the panels *by who raised it*, for the line that
raised, and for the handler where nothing was raised.

**Nothing here says why.** Code of different origin does different work, with different traffic:
a difference between two origins is a place to look, and no verdict. `aiprov report` compares within
the same routes, with limits."""

IN_AN_INCIDENT: Final = f"""

**In an incident:** *Budget burn* names the origin that carries it: where to look first. Follow its
link to the failed traces; `{keys.ERROR_COMMIT_ID}` on the failed span names the commit."""


def burn(asked: Spans) -> Panel:
    """What an incident begins with."""
    return Panel(
        "Budget burn, by who raised it",
        "How many times faster than the objective allows requests fail: at 1 the budget lasts just "
        "as long as it should; 6 and 14.4, where the alerts of a service fire, are dashed. The "
        "origins add up to the burn of all services that are chosen together: one of them may burn "
        f"faster.{_fires(asked)}",
        "timeseries",
        asked.burn(),
        TIMES,
        "{{raised_by}}",
        width=16,
        stacked=True,
        steps=_BURNS,
        link=FAILED_BY_LINE,
    )


def _fires(asked: Spans) -> str:
    """What to know where nothing records what alerts read."""
    if asked.metrics is names.COLLECTOR:
        return ""
    return " The rules and alerts that are shipped read the Collector's metrics, and none of these."


def burning(asked: Spans) -> tuple[Panel, ...]:
    """Whether it burns, and whose lines raise: what is looked at first."""
    return (
        Panel(
            "Budget burn in the last hour",
            "Of the service that burns fastest: how many times faster than the objective allows "
            "its requests fail, whoever's code it is. The alert for a fast burn fires above 14.4, "
            "while the last five minutes are above it too, with ten failures or more."
            f"{_fires(asked)}",
            "stat",
            asked.burning(),
            TIMES,
            f"{{{{{asked.metrics.service}}}}}",
            width=6,
            height=5,
            steps=_BURNS,
        ),
        Panel(
            "Failed requests of the last hour, by who raised it",
            "The share of each origin: of the line that raised, or of the handler where nothing "
            "was raised. It says where to look first, and not why.",
            "bargauge",
            asked.share_raised(),
            "percentunit",
            "{{raised_by}}",
            width=10,
            height=5,
        ),
        coverage(asked),
    )


def coverage(asked: Spans) -> Panel:
    """How much is known at all."""
    return Panel(
        "Coverage",
        "The share of requests that met a handler whose origin is known. The rest says "
        "nothing: `aiprov doctor` and `aiprov stats` say what would.",
        "stat",
        asked.coverage(),
        "percentunit",
        height=5,
        steps=_REST,
    )


def requests(asked: Spans) -> Panel:
    """How much there is."""
    return Panel(
        "Requests, by origin of the handler",
        "In the time that is shown: how much traffic the comparison rests on.",
        "stat",
        asked.increase(BY, KNOWN),
        legend=f"{{{{{BY}}}}}",
        height=5,
    )


def failed_requests(asked: Spans) -> Panel:
    """How many failures there are."""
    return Panel(
        "Failed requests, by origin of the handler",
        "In the time that is shown. With fewer than ten on a side, a ratio means little.",
        "stat",
        asked.increase(BY, KNOWN, names.FAILED),
        legend=f"{{{{{BY}}}}}",
        height=5,
    )


def table(
    asked: Spans, title: str, description: str, by: str, *matching: str, function: bool = False
) -> Panel:
    """Calls, failures and latency, a row for each of what the labels *by* say."""
    routes = "span_name" in by and not function
    return Panel(
        title,
        description,
        "table",
        columns=(
            Column("failed", f"{asked.increase(by, *matching, names.FAILED)} > 0"),
            Column("calls", f"{asked.increase(by, *matching)} > 0"),
            Column(
                "error ratio",
                f"{asked.share_failed(by, *matching, over=RANGE)} >= 0",
                "percentunit",
            ),
            Column(
                "p95, inclusive", f"{asked.quantile(0.95, by, *matching, over=RANGE)} >= 0", "s"
            ),
        ),
        width=24,
        headings=(("span_name", "function"),) if function else (),
        link=one_service(asked.metrics) if routes else None,
        linked="route" if routes else "",
    )


def self_time(width: int = 8) -> Panel:
    """Where the functions of the services spend their time."""
    return Panel(
        "Self time in functions, by who wrote them",
        "Seconds of self time a second, without the counted functions that were called. Of "
        "packages under the import hook in mode `metrics`; no data without.",
        "timeseries",
        OURS.self_time(),
        "s",
        f"{{{{{BY}}}}}",
        width=width,
        stacked=True,
    )


def exceptions() -> Panel:
    """What was raised, each exception once."""
    by = f"{names.ERROR_TYPE}, {RAISED_BY}, {names.EXCEPTION_MODEL}"
    return Panel(
        "Exceptions of the service, by type and who wrote the line that raised",
        "Each exception once, in the time that is shown, without those that a handler swallowed; "
        "the twenty with most.",
        "table",
        columns=(Column("exceptions", f"topk(20, {OURS.raised(by)})"),),
        width=12,
    )


def commits() -> Panel:
    """Which commits wrote the lines that failed requests."""
    said = f"span.{keys.ERROR_COMMIT_ID}"
    return Panel(
        "Failed requests, by commit that wrote the line that raised",
        "The ten commits with most, from the traces that are kept: all failures where nothing is "
        "sampled; with the Collector's sampling, those that took less than it waits. A commit is "
        "where to look, and not why: it may be old, and what changed another. A returned 500 "
        "raised nothing: its trace has the commit of its handler.",
        "bargauge",
        f'{{ {SERVICE} && status = error && span.{keys.UNIT} = "handler" && {said} != nil }}'
        f" | count_over_time() by ({said}) | topk(10)",
        width=12,
        source=TEMPO,
        link=commit("__field.displayName"),
    )


def failures() -> Panel:
    """The latest requests that failed."""
    said = (keys.ERROR_COMMIT_ID, keys.ERROR_ORIGIN, keys.ERROR_MODEL_NAME)
    return Panel(
        "Failed requests, with the commit of the line that raised",
        "Twenty of the time that is shown. The first column leads to the trace.",
        "table",
        f'{{ {SERVICE} && status = error && span.{keys.UNIT} = "handler" }}'
        f" | select({', '.join(f'span.{key}' for key in said)})",
        width=24,
        height=9,
        source=TEMPO,
        link=commit("__value.raw"),
        linked=keys.ERROR_COMMIT_ID,
    )


def share_of_lines(by: str, what: str) -> Panel:
    """What is deployed, by the label *by*, which is *what*."""
    return Panel(
        f"Share of the deployed lines, by {what}",
        "What is deployed, whether it runs or not: how much there is that can fail.",
        "bargauge",
        OURS.share_of_lines(by),
        "percentunit",
        f"{{{{{by}}}}}",
        width=12,
    )
