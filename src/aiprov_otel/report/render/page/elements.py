"""The elements that sections share: a heading, an origin, a commit, a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from aiprov_otel.format import short_hash
from aiprov_otel.report.render.page.forge import commit_url
from aiprov_otel.report.render.page.markup import Content, Markup, Value, join, tag
from aiprov_otel.report.render.tables import Column, Kind

ORIGINS: Final = ("ai", "human", "mixed", "unknown")
"""In the order in which they are shown; each has a color."""

_Row = TypeVar("_Row")


def section(name: str, title: str, *content: Content) -> Markup:
    """The section *name* of the page, labelled by its heading."""
    heading = tag("h2", title, id=f"{name}-title")
    return tag("section", heading, *content, id=name, aria_labelledby=f"{name}-title")


def origin(name: str, *author: str | None) -> Markup:
    """An origin in its color, followed by what is known of the *author*."""
    color = name if name in ORIGINS else "unknown"
    known = " ".join(part for part in author if part)
    return join(tag("span", name, class_=f"origin {color}"), f" {known}" if known else None)


def commit(repository: str | None, name: str | None) -> Markup:
    """A commit's short hash, linked to the forge of *repository* if that is known."""
    if not name:
        return join()
    short = tag("code", short_hash(name), class_="commit")
    url = commit_url(repository, name)
    return tag("a", short, href=url, rel="noreferrer noopener") if url else short


def table(
    caption: str,
    columns: Sequence[Column[_Row]],
    rows: Iterable[_Row],
    repository: str | None = None,
    **attributes: Value,
) -> Markup:
    """A table of *rows*, whose commits are in *repository*; the first cell of a row heads it."""
    head = [
        tag(
            "th",
            column.title,
            scope="col",
            class_=_class(column),
            data_number=column.kind is Kind.NUMBER,
        )
        for column in columns
    ]
    body = [
        tag("tr", [_cell(column, row, repository, place) for place, column in enumerate(columns)])
        for row in rows
    ]
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption),
            tag("thead", tag("tr", head)),
            tag("tbody", body),
            **attributes,
        ),
        class_="scroll",
    )


def _cell(column: Column[_Row], row: _Row, repository: str | None, place: int) -> Markup:
    value = column.value(row) if column.value else None
    return tag(
        "td" if place else "th",
        _content(column.text(row), column.kind, repository),
        scope=None if place else "row",
        class_=_class(column),
        data_value=None if value is None else repr(value),
    )


def _content(text: str, kind: Kind, repository: str | None) -> Content:
    if kind is Kind.ORIGIN:
        return origin(text)
    if kind is Kind.COMMIT:
        return commit(repository, text)
    return tag("code", text) if kind is Kind.CODE else text


def _class(column: Column[_Row]) -> str | None:
    names = ["number"] * (column.kind is Kind.NUMBER) + ["wide"] * column.wide
    return " ".join(names) or None


def numbers(name: str, content: Content) -> Markup:
    """The numbers behind the chart *name*, in a box that can be opened."""
    return tag("details", tag("summary", "The numbers"), content, id=f"{name}-numbers")


def percentage(place: float) -> str:
    """*place* as a length in a chart."""
    return f"{place:.2f}%"
