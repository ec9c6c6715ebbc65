"""Dashboard: commits and models over all spans, in ClickHouse."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dashboards.grafana.annotations import deployments_in
from dashboards.grafana.dashboard import Dashboard
from dashboards.grafana.data_sources import CLICKHOUSE
from dashboards.grafana.links import commit
from dashboards.grafana.panel import Panel
from dashboards.grafana.shared_panels import how_to_read
from dashboards.grafana.variables import FORGE, QueryVariable


def _sql(name: str) -> str:
    return Path(__file__).with_name("sql").joinpath(f"{name}.sql").read_text(encoding="utf-8")


_METHOD: Final = """\
Over **all spans**, as the Collector's ClickHouse exporter stores them: where failures are kept
preferentially, the error ratios are wrong, and the exceptions are not.

An exception counts **once**, for the **line that raised it**; a failed call for the innermost
function that it failed. **The commit** is the one that last wrote the line or most of the function,
never the deployed revision.

**Nothing here says why.** A commit may be old, and what changed another: compare with what was
deployed when it began. Models wrote different things, and are not compared."""

_PANELS: Final = (
    Panel(
        "Which commits' lines raise, and since when?",
        "In each step of time. An exception that several spans of a trace recorded is one.",
        "timeseries",
        _sql("raised-over-time"),
        width=24,
        source=CLICKHOUSE,
        stacked=True,
        bars=True,
    ),
    Panel(
        "Which lines raised, of which commit?",
        "In the time that is shown, the line with most exceptions on top.",
        "table",
        _sql("raising-lines"),
        width=24,
        height=9,
        source=CLICKHOUSE,
        link=commit("__value.raw"),
        linked="commit",
    ),
    Panel(
        "Did a commit change how a function fails?",
        "In the time that is shown. A function that changed has a row for each commit, with the "
        "error ratio of the one that ran before. What else changed between them is not here.",
        "table",
        _sql("functions-by-commit"),
        width=24,
        height=10,
        source=CLICKHOUSE,
        units=(("error ratio", "percentunit"), ("of the commit before", "percentunit")),
        link=commit("__value.raw"),
        linked="commit",
    ),
    Panel(
        "How do calls end, by model? (crude)",
        "In the time that is shown. Crude: models wrote different things. No model: people, or a "
        "history that does not say.",
        "table",
        _sql("models"),
        width=24,
        source=CLICKHOUSE,
        units=(("error ratio", "percentunit"),),
    ),
    how_to_read(_METHOD),
)

COMMITS: Final = Dashboard(
    uid="aiprov-commits",
    title="Code origin: models and commits, from ClickHouse",
    description="Which commit wrote the line that raised, and what changed with it, over all "
    "spans in ClickHouse.",
    variables=(
        QueryVariable("service", "Service", _sql("services"), source=CLICKHOUSE),
        FORGE,
    ),
    panels=_PANELS,
    annotations=(deployments_in(_sql("deployments")),),
)
