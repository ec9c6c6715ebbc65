"""The functions: a table to sort and to search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiprov_otel.report.render.page.elements import ORIGINS, section, table
from aiprov_otel.report.render.page.markup import Markup, tag
from aiprov_otel.report.render.tables import FUNCTIONS

if TYPE_CHECKING:
    from aiprov_otel.report.report import Report


def functions(report: Report) -> Markup | None:
    """Those with most errors and those with most self time; None without any."""
    rows = list(dict.fromkeys((*report.functions, *report.slowest)))
    if not rows:
        return None
    words = (
        "The functions with most errors and those with most self time, up to 200 of each. The "
        "limits treat calls as independent. A function with more errors than calls has no ratio."
    )
    return section(
        "functions",
        "Functions",
        tag("p", words, class_="quiet"),
        _controls(),
        table(
            "Functions, sortable by any column",
            FUNCTIONS,
            rows,
            report.repository,
            id="functions-table",
        ),
        tag("button", "Show all", type="button", id="functions-all", hidden=True),
    )


def _controls() -> Markup:
    options = [tag("option", "any origin", value=""), *(tag("option", name) for name in ORIGINS)]
    search = tag("input", type="search", id="functions-search", autocomplete="off")
    return tag(
        "div",
        tag("label", "Search ", search),
        tag("label", "Origin ", tag("select", options, id="functions-origin")),
        tag("output", id="functions-count", aria_live="polite"),
        class_="controls",
        id="functions-controls",
        hidden=True,
    )
