"""
The SQL of the report: a file per statement, in the dialect of `telemetry.sql_dialect`.

`sql/tables` creates the temporary tables that the report is computed from, and `sql/queries` reads
them. The files are jinja templates: attribute keys are filled in, repeated expressions are macros.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from aiprov_otel import attributes
from aiprov_otel.format import AGE_BANDS, OLDEST
from aiprov_otel.telemetry.extra import local_extra
from aiprov_otel.values import CANCELLATIONS, REFUSALS

with local_extra():
    import jinja2

ERROR_TABLES: Final = (
    *("spans", "failed_traces", "recorded_exceptions", "ancestors", "repeats", "exceptions"),
    *("arrivals", "errors", "error_groups"),
)
"""The temporary tables that errors are counted from, in the order in which they are created."""

CALL_TABLES: Final = (
    *("spans", "entries", "single_entries", "nested_entries", "unit_versions", "units"),
)
"""The temporary tables that calls are counted from, likewise."""

TABLES: Final = tuple(
    dict.fromkeys(
        (*CALL_TABLES, *ERROR_TABLES, *("functions", "located_errors", "unit_errors", "placed"))
    )
)
"""All temporary tables of a session, likewise."""

HISTOGRAM_STEPS: Final = 8
"""How many steps a doubling has in the histogram of times: a step is 9%."""

MOST_FUNCTIONS: Final = 200
"""How many functions a list holds."""

MOST_GROUPS: Final = 500
"""How many groups of errors are listed."""

_LONGEST_MESSAGE: Final = 500  # characters of an exception's message that a group has
_LATEST: Final = 2**62 - 1
"""The latest time and longest duration, in nanoseconds; the sum of both still fits 64 bits."""


def table(name: str, *, since: int = 0, run: str | None = None) -> str:
    """
    Returns the statement that creates the table *name*, of spans from *since* on (Unix ns).

    *run* is the id of the run that they belong to; all count if it is None.
    """
    return _render(f"tables/{name}.sql", since=since, run=run)


def query(name: str, **values: Any) -> str:
    """Returns the query *name*, with *values* filled in."""
    return _render(f"queries/{name}.sql", **values)


def prepare() -> None:
    """Compiles all of it, so that the first report need not."""
    for name in _environment().list_templates():
        _environment().get_template(name)


def _render(name: str, **values: Any) -> str:
    return _environment().get_template(name).render(values)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("aiprov_otel.report", "sql"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 (SQL, of our own constants)
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        keys=attributes,
        ages=AGE_BANDS,
        oldest=OLDEST,
        steps=HISTOGRAM_STEPS,
        most=MOST_FUNCTIONS,
        most_groups=MOST_GROUPS,
        longest_message=_LONGEST_MESSAGE,
        latest=_LATEST,
        cancellations=CANCELLATIONS,
        refusals=REFUSALS,
    )
    return environment
