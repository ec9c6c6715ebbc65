"""What carries the errors beyond the baseline: functions, commits, models, exceptions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiprov_otel.report.render.page.markup import Content, Markup, tag
from aiprov_otel.report.render.page.parts import Cell, Column, commit, section, table

if TYPE_CHECKING:
    from aiprov_otel.report.excess import Excess
    from aiprov_otel.report.report import Report

_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class _Field:
    """A column, and what it shows of one carrier, whose commits are in a repository."""

    column: Column
    shown: Callable[[Excess, str | None], Content]


_NAME: Final = _Field(
    Column("name", number=False), lambda one, _: tag("code", one.name or "unknown")
)
_COMMIT: Final = _Field(
    Column("commit", number=False),
    lambda one, repository: commit(repository, one.commit) or "unknown",
)
_MODEL: Final = _Field(Column("model", number=False, narrow=False), lambda one, _: one.model)
_AGE: Final = _Field(
    Column("age, days", narrow=False),
    lambda one, _: "" if one.age_days is None else f"{one.age_days:,}",
)
_COUNTS: Final = (
    _Field(Column("calls", narrow=False), lambda one, _: f"{one.calls:,.0f}"),
    _Field(Column("errors"), lambda one, _: f"{one.errors:,.0f}"),
    _Field(Column("expected"), lambda one, _: f"{one.expected:,.1f}"),
    _Field(Column("excess"), lambda one, _: f"{one.excess:,.1f}"),
    _Field(
        Column("rough limits", narrow=False), lambda one, _: f"{one.low:,.1f} to {one.high:,.1f}"
    ),
)


def carriers(report: Report) -> Markup | None:
    """What has more errors than the baseline of its routes; None where there is no ratio."""
    if not report.verdict.adjusted_ratio:
        return None
    words = (
        "Errors of AI-written code less those that the same calls would have at the rate of the "
        "baseline on each route. The limits rank, and are no tests: the largest of many is large "
        "by chance too. Young code fails more, whoever wrote it: see the age."
    )
    found, repository = report.excess, report.repository
    return section(
        "excess",
        "What carries the excess",
        tag("p", words, class_="quiet"),
        _table("commits", found.commits, (_COMMIT, _MODEL, _AGE), repository),
        _table("functions", found.functions, (_NAME, _MODEL, _COMMIT, _AGE), repository),
        _table("models", found.models, (_NAME,), repository),
        _table("exceptions", found.exceptions, (_NAME,), repository),
    )


def _table(
    kind: str, rows: Sequence[Excess], fields: Sequence[_Field], repository: str | None
) -> Content:
    beyond = [one for one in rows if one.excess > 0][:_MOST]
    if not beyond:
        return None
    every = (*fields, *_COUNTS)
    told = [[Cell(field.shown(one, repository)) for field in every] for one in beyond]
    caption = f"AI-written {kind} with more errors than expected"
    return table(caption, [field.column for field in every], told)
