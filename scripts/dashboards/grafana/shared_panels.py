"""Panels that several dashboards share."""

from __future__ import annotations

from typing import Final

from aiprov_otel import attributes as keys
from dashboards import prometheus_names as names
from dashboards.grafana.aiprov_queries import OF_SERVICE, RAISED_BY, AiprovQueries
from dashboards.grafana.data_sources import TEMPO
from dashboards.grafana.links import commit, one_service
from dashboards.grafana.panel import Column, Panel
from dashboards.grafana.panel_style import TIMES
from dashboards.grafana.span_queries import BY, FAILED_BY_LINE, KNOWN, RANGE, SERVICE, SpanQueries

_QUERIES: Final = AiprovQueries(OF_SERVICE)
INCLUSIVE: Final = (
    "Inclusive: with everything that is called below, databases and other services too."
)
_BURN_STEPS: Final = ((1, "yellow"), (6, "orange"), (14.4, "red"))
_COVERAGE_STEPS: Final = ((0, "orange"), (0.5, "text"))


def method(more: str = "") -> Panel:
    """Explains what origin means, and what no panel tells; *more* is about the dashboard."""
    return how_to_read(_METHOD + more)


def how_to_read(text: str, width: int = 24) -> Panel:
    """Says it in words, below all panels."""
    about = "The method, and its limits."
    return Panel("How to read this", about, "text", text, width=width, height=6)


_METHOD: Final = """\
**Origin** is who wrote the code, as its history says: `ai`, `human`, `mixed`, `unknown`. A request
counts for its handler; what failed counts, where a panel asks *whose lines*, for the line that
raised, and for the handler where nothing was raised.

**Nothing here says why.** Code of different origin does different work, with different traffic:
a difference between two origins is a place to look, and no verdict. `aiprov report` compares within
the same routes, with limits."""

IN_AN_INCIDENT: Final = f"""

**In an incident:** *Since when does it burn* names the origin that carries it.
Follow its link to the failed traces; `{keys.ERROR_COMMIT_ID}` on the failed span names the
commit."""


def burn(queries: SpanQueries) -> Panel:
    """Shows how fast the error budget burns, by who raised it."""
    return Panel(
        "Since when does it burn, and whose lines raise?",
        "How many times faster than the objective allows requests fail: at 1 the budget lasts just "
        "as long as it should; 6 and 14.4, where the alerts of a service fire, are dashed. The "
        "origins add up to the burn of all services that are chosen together: one of them may burn "
        f"faster.{_what_alerts_read(queries)}",
        "timeseries",
        queries.burn(),
        TIMES,
        "{{raised_by}}",
        width=24,
        stacked=True,
        steps=_BURN_STEPS,
        link=FAILED_BY_LINE,
    )


def _what_alerts_read(queries: SpanQueries) -> str:
    """Says how the shipped alerts come to read these metrics, where they read others."""
    if queries.metrics is names.COLLECTOR:
        return ""
    return " The rules and alerts that are shipped read these metrics with `tempo/rules.yml` only."


def burning(queries: SpanQueries) -> tuple[Panel, ...]:
    """Shows whether the budget burns, and whose lines raise: the first things to look at."""
    return (
        Panel(
            "Is the budget burning?",
            "Of the service that burns fastest: how many times faster than the objective allows "
            "its requests fail, whoever's code it is. The alert for a fast burn fires above 14.4, "
            "while the last five minutes are above it too, with ten failures or more."
            f"{_what_alerts_read(queries)}",
            "stat",
            queries.burning(),
            TIMES,
            f"{{{{{queries.metrics.service}}}}}",
            width=6,
            height=5,
            steps=_BURN_STEPS,
        ),
        Panel(
            "Whose lines fail requests now?",
            "The share of each origin: of the line that raised, or of the handler where nothing "
            "was raised. It says where to look first, and not why.",
            "bargauge",
            queries.share_raised(),
            "percentunit",
            "{{raised_by}}",
            width=10,
            height=5,
        ),
        coverage(queries),
    )


def coverage(queries: SpanQueries) -> Panel:
    """Shows the share of requests whose origin is known."""
    return Panel(
        "How much has a known origin?",
        "The share of requests that met a handler whose origin is known. The rest says "
        "nothing: `aiprov doctor` and `aiprov stats` say what would.",
        "stat",
        queries.coverage(),
        "percentunit",
        height=5,
        steps=_COVERAGE_STEPS,
    )


def requests(queries: SpanQueries) -> Panel:
    """Counts requests."""
    return Panel(
        "How much traffic, by handler?",
        "In the time that is shown: how much traffic the comparison rests on.",
        "stat",
        queries.increase(BY, KNOWN),
        legend=f"{{{{{BY}}}}}",
        height=5,
    )


def failed_requests(queries: SpanQueries) -> Panel:
    """Counts failed requests."""
    return Panel(
        "How many failed, by handler?",
        "In the time that is shown. With fewer than ten on a side, a ratio means little.",
        "stat",
        queries.increase(BY, KNOWN, names.FAILED),
        legend=f"{{{{{BY}}}}}",
        height=5,
    )


def table(
    queries: SpanQueries,
    title: str,
    description: str,
    by: str,
    *matching: str,
    function: bool = False,
) -> Panel:
    """Shows calls, failures and latency, a row for each set of the labels *by*."""
    routes = "span_name" in by and not function
    return Panel(
        title,
        description,
        "table",
        columns=(
            Column("failed", f"{queries.increase(by, *matching, names.FAILED)} > 0"),
            Column("calls", f"{queries.increase(by, *matching)} > 0"),
            Column(
                "error ratio",
                f"{queries.share_failed(by, *matching, over=RANGE)} >= 0",
                "percentunit",
            ),
            Column(
                "p95, inclusive", f"{queries.quantile(0.95, by, *matching, over=RANGE)} >= 0", "s"
            ),
        ),
        width=24,
        headings=(("span_name", "function"),) if function else (),
        link=one_service(queries.metrics) if routes else None,
        linked="route" if routes else "",
    )


def self_time(width: int = 8) -> Panel:
    """Shows where the functions of the services spend their time."""
    return Panel(
        "Whose functions take the time?",
        "Seconds of self time a second, without the counted functions that were called. Of "
        "packages under the import hook in mode `metrics`; no data without.",
        "timeseries",
        _QUERIES.self_time(),
        "s",
        f"{{{{{BY}}}}}",
        width=width,
        stacked=True,
    )


def exceptions() -> Panel:
    """Counts what was raised, each exception once."""
    by = f"{names.ERROR_TYPE}, {RAISED_BY}, {names.EXCEPTION_MODEL}"
    return Panel(
        "Which exceptions, raised by whom?",
        "Each exception once, in the time that is shown, without those that a handler swallowed; "
        "the twenty with most.",
        "table",
        columns=(Column("exceptions", f"topk(20, {_QUERIES.raised(by)})"),),
        width=12,
    )


def commits() -> Panel:
    """Counts failed requests by the commit that wrote the line that raised."""
    commit_id = f"span.{keys.ERROR_COMMIT_ID}"
    return Panel(
        "Which commits fail requests?",
        "The ten commits with most, from the traces that are kept: all failures where nothing is "
        "sampled; with the Collector's sampling, those that took less than it waits. A commit is "
        "where to look, and not why: it may be old, and what changed another. A returned 500 "
        "raised nothing: its trace has the commit of its handler.",
        "bargauge",
        f'{{ {SERVICE} && status = error && span.{keys.UNIT} = "handler" && {commit_id} != nil }}'
        f" | count_over_time() by ({commit_id}) | topk(10)",
        width=24,
        height=6,
        source=TEMPO,
        link=commit("__field.displayName"),
    )


def failures() -> Panel:
    """Lists the latest requests that failed."""
    shown = (keys.ERROR_COMMIT_ID, keys.ERROR_ORIGIN, keys.ERROR_MODEL_NAME)
    return Panel(
        "Which requests failed, of which commit?",
        "Twenty of the time that is shown. The first column leads to the trace.",
        "table",
        f'{{ {SERVICE} && status = error && span.{keys.UNIT} = "handler" }}'
        f" | select({', '.join(f'span.{key}' for key in shown)})",
        width=24,
        height=9,
        source=TEMPO,
        renamed=(
            (keys.ERROR_COMMIT_ID, "commit"),
            (keys.ERROR_ORIGIN, "raised by"),
            (keys.ERROR_MODEL_NAME, "model"),
        ),
        link=commit("__value.raw"),
        linked="commit",
    )


def share_of_lines(by: str, title: str, width: int = 8) -> Panel:
    """Shows shares of the deployed lines by the label *by*."""
    return Panel(
        title,
        "What is deployed, whether it runs or not: how much there is that can fail.",
        "bargauge",
        _QUERIES.share_of_lines(by),
        "percentunit",
        f"{{{{{by}}}}}",
        width=width,
        height=6,
    )
