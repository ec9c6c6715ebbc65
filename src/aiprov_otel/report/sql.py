"""
The SQL of the report: a file per statement, in the dialect of `telemetry.sql_dialect`.

`sql/tables` holds the temporary tables that the report is computed from, `sql/queries` what it asks
of them. The files are jinja templates: attribute keys are filled in, and repeated expressions are
macros.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from aiprov_otel import attributes
from aiprov_otel.format import AGE_BANDS, OLDEST
from aiprov_otel.telemetry.extra import local_extra

with local_extra():
    import jinja2

TABLES: Final = (
    *("spans", "entries", "lone", "tangled", "ranks", "units"),
    *("touched", "recorded", "above", "echoed", "exceptions", "errors", "functions"),
    *("located", "near", "placed"),
)
"""The temporary tables, in the order in which they are made, in a session of their own."""

HISTOGRAM_STEPS: Final = 8
"""Steps of the histogram of times to a doubling: a step is 9 %."""

MOST_FUNCTIONS: Final = 200
"""Functions in a list."""


def table(name: str, *, since: int = 0) -> str:
    """Returns the statement that makes the table *name*, of spans from *since* on (Unix ns)."""
    return _render(f"tables/{name}.sql", since=since)


def query(name: str, **values: Any) -> str:
    """Returns the query *name*, with *values* filled in."""
    return _render(f"queries/{name}.sql", **values)


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
        keys=attributes, ages=AGE_BANDS, oldest=OLDEST, steps=HISTOGRAM_STEPS, most=MOST_FUNCTIONS
    )
    return environment
