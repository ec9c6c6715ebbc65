"""The report as Markdown, for a pull request or a wiki."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from aiprov_otel.format import short_hash
from aiprov_otel.report.excess import above_expected
from aiprov_otel.report.render.sentences import counted, known_origin, other_readings
from aiprov_otel.report.render.tables import (
    EXCESS_FUNCTIONS,
    MODELS,
    ORIGINS,
    Column,
    Kind,
)
from aiprov_otel.report.render.text import replace_unprintable

if TYPE_CHECKING:
    from aiprov_otel.report.report import Report

_MOST: Final = 5  # functions
_Row = TypeVar("_Row")


def render_markdown(report: Report) -> Iterator[str]:
    """Yields the lines of *report*: the verdict, its main tables, and its coverage."""
    adjusted = report.verdict.adjusted_ratio
    yield f"**{report.verdict.text}**"
    yield ""
    yield counted(report.counts)
    if readings := other_readings(report.bounds):
        yield readings
    yield from _table("By origin", report.arms, ORIGINS)
    yield from _table("By model", report.models, MODELS)
    if adjusted:
        excess = above_expected(report.excess.functions, _MOST)
        title = "AI-written functions above the baseline of their routes"
        yield from _table(title, excess, EXCESS_FUNCTIONS)
    method = f" {adjusted.method}." if adjusted else ""
    yield ""
    yield (f"{known_origin(report.coverage)}{method} The report shows associations, not causes.")


def _table(title: str, rows: Sequence[_Row], columns: Sequence[Column[_Row]]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield f"{title}:"
    yield ""
    yield _line(column.title for column in columns)
    yield _line("---:" if column.kind is Kind.NUMBER else "---" for column in columns)
    for row in rows:
        yield _line(_cell(column.text(row), column.kind) for column in columns)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str, kind: Kind) -> str:
    """Returns *text* so that Markdown shows it as it is."""
    if kind is Kind.NUMBER:
        return text
    text = short_hash(text) if kind is Kind.COMMIT else text
    text = " ".join(replace_unprintable(text).split()).replace("`", "'").replace("|", "\\|")
    return f"`{text}`" if text else ""
