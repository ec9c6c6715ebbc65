"""What several sections are made of: a section, an origin, a commit, a table, a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aiprov_otel.format import short_hash
from aiprov_otel.report.render.page.forge import commit_url
from aiprov_otel.report.render.page.markup import Content, Markup, Value, joined, tag

ORIGINS: Final = ("ai", "human", "mixed", "unknown")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title, and whether it holds numbers, and goes on a narrow screen."""

    title: str
    number: bool = True
    narrow: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: what it shows, and what it is sorted by."""

    content: Content
    value: float | None = None


def section(name: str, title: str, *inside: Content) -> Markup:
    """The section *name* of the page, which its heading labels."""
    heading = tag("h2", title, id=f"{name}-title")
    return tag("section", heading, *inside, id=name, aria_labelledby=f"{name}-title")


def origin(name: str, *more: str | None) -> Markup:
    """An origin, in its color, with what else is known of the author."""
    kind = name if name in ORIGINS else "unknown"
    known = " ".join(one for one in more if one)
    return joined(tag("span", name, class_=f"origin {kind}"), f" {known}" if known else None)


def commit(repository: str | None, name: str | None) -> Markup:
    """A commit's short name, which leads to the forge where that is known."""
    if not name:
        return joined(None)
    short = tag("code", short_hash(name), class_="commit")
    url = commit_url(repository, name)
    return tag("a", short, href=url, rel="noreferrer noopener") if url else short


def table(
    caption: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], **attributes: Value
) -> Markup:
    """A table with *caption*; the first cell of a row is its heading."""
    head = (
        tag("th", one.title, scope="col", class_=_class(one), data_number=one.number)
        for one in columns
    )
    body = [tag("tr", map(_cell, columns, row, range(len(columns)))) for row in rows]
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption),
            tag("thead", tag("tr", list(head))),
            tag("tbody", body),
            **attributes,
        ),
        class_="scroll",
    )


def _cell(column: Column, cell: Cell, place: int) -> Markup:
    value = None if cell.value is None else repr(cell.value)
    scope = None if place else "row"
    return tag(
        "td" if place else "th", cell.content, scope=scope, class_=_class(column), data_value=value
    )


def _class(column: Column) -> str | None:
    names = ["number"] * column.number + ["wide"] * (not column.narrow)
    return " ".join(names) or None


def numbers(name: str, inside: Content) -> Markup:
    """What the drawing *name* shows, as a table that can be opened."""
    return tag("details", tag("summary", "The numbers"), inside, id=f"{name}-numbers")


def percentage(place: float) -> str:
    """*place* as a length of a drawing."""
    return f"{place:.2f}%"
