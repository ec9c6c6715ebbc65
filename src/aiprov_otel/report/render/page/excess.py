"""The commits, functions, models and exceptions with the excess errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiprov_otel.report.excess import above_expected
from aiprov_otel.report.render.page.elements import section, table
from aiprov_otel.report.render.page.markup import Markup, tag
from aiprov_otel.report.render.tables import (
    EXCESS_COMMITS,
    EXCESS_EXCEPTIONS,
    EXCESS_FUNCTIONS,
    EXCESS_MODELS,
)

if TYPE_CHECKING:
    from aiprov_otel.report.report import Report

_MOST: Final = 10  # rows of a table


def excess(report: Report) -> Markup | None:
    """What has more errors than the baseline of its routes; None without an overall ratio."""
    if not report.verdict.adjusted_ratio:
        return None
    words = (
        "Errors of AI-written code, less those that the same calls would have at the baseline's "
        "rate on each route. The limits are for ranking, not for testing: the largest of many is "
        "large by chance too. Young code fails more, AI-written or not, so check the age."
    )
    tables = (
        ("commits", report.excess.commits, EXCESS_COMMITS),
        ("functions", report.excess.functions, EXCESS_FUNCTIONS),
        ("models", report.excess.models, EXCESS_MODELS),
        ("exceptions", report.excess.exceptions, EXCESS_EXCEPTIONS),
    )
    return section(
        "excess",
        "Where the excess is",
        tag("p", words, class_="quiet"),
        [
            table(
                f"AI-written {kind} with more errors than expected", columns, above,
                report.repository,
            )
            for kind, rows, columns in tables
            if (above := above_expected(rows, _MOST))
        ],
    )  # fmt: skip
