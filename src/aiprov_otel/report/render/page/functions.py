"""The functions: a table to sort and to search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiprov_otel.format import percent
from aiprov_otel.report.render.page.markup import Markup, joined, tag
from aiprov_otel.report.render.page.parts import (
    ORIGINS,
    Cell,
    Column,
    commit,
    origin,
    section,
    table,
)
from aiprov_otel.report.render.tables import milliseconds

if TYPE_CHECKING:
    from aiprov_otel.report.report import Function, Report

_COLUMNS: Final = (
    Column("function", number=False),
    Column("origin", number=False),
    Column("commit", number=False, narrow=False),
    Column("calls", narrow=False),
    Column("errors"),
    Column("errors a call"),
    Column("limits", narrow=False),
    Column("self s", narrow=False),
    Column("self p50 ms", narrow=False),
    Column("self p95 ms", narrow=False),
)


def functions(report: Report) -> Markup | None:
    """Those with most errors, and those with most self time; None without any."""
    found = list(dict.fromkeys((*report.functions, *report.slowest)))
    if not found:
        return None
    words = (
        "The functions with most errors and those with most self time, up to 200 of each. Limits "
        "are of calls as if they were independent. A function that has more errors than calls has "
        "no ratio."
    )
    rows = [_row(one, report.repository) for one in found]
    return section(
        "functions",
        "Functions",
        tag("p", words, class_="quiet"),
        _controls(),
        table("Functions, to be sorted by any column", _COLUMNS, rows, id="functions-table"),
        tag("button", "Show all", type="button", id="functions-all", hidden=True),
    )


def _controls() -> Markup:
    every = [tag("option", "every origin", value=""), *(tag("option", name) for name in ORIGINS)]
    search = tag("input", type="search", id="functions-search", autocomplete="off")
    return tag(
        "div",
        tag("label", "Search ", search),
        tag("label", "Origin ", tag("select", every, id="functions-origin")),
        tag("output", id="functions-count", aria_live="polite"),
        class_="controls",
        id="functions-controls",
        hidden=True,
    )


def _row(one: Function, repository: str | None) -> list[Cell]:
    limits = "" if one.low is None else f"{percent(one.low)} to {percent(one.high)}"
    return [
        Cell(tag("code", one.function)),
        Cell(joined(origin(one.origin, one.model))),
        Cell(commit(repository, one.commit)),
        Cell(f"{one.calls:,}", one.calls),
        Cell(f"{one.errors:,}", one.errors),
        Cell(percent(one.error_ratio), one.error_ratio),
        Cell(limits, one.low),
        Cell("" if one.self_s is None else f"{one.self_s:.3g}", one.self_s),
        Cell(milliseconds(one.self_p50_ms), one.self_p50_ms),
        Cell(milliseconds(one.self_p95_ms), one.self_p95_ms),
    ]
