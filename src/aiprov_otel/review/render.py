"""A review as text for a terminal, as Markdown for a pull request, and as GitHub's annotations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aiprov_otel.format import escape, markdown_table, quantity, table
from aiprov_otel.review.places import Place
from aiprov_otel.review.review import Review
from aiprov_otel.review.sections import Section, sections

_NOT_MEASURED: Final = "coverage has nothing about this version of the file"
MARKER: Final = "<!-- aiprov review -->"
"""The first line of the Markdown, by which a comment is found again and updated in place."""


def render_text(review: Review) -> Iterator[str]:
    """The lines for a terminal."""
    for number, section in enumerate(sections(review)):
        if number:
            yield ""
        yield section.title
        yield from table(section.rows, numbers=section.numbers) if section.rows else ()


def render_markdown(review: Review) -> Iterator[str]:
    """The lines for a pull request: the same for the same change, whenever it is reviewed."""
    yield MARKER
    yield "### Origin of the added lines"
    for section in sections(review):
        yield ""
        yield f"**{section.title}**"
        if section.rows:
            yield ""
            yield from markdown_table(_coded(section), numbers=section.numbers)


def _coded(section: Section) -> list[tuple[str, ...]]:
    """The rows with text as code: an error's type may hold anything, such as a mention."""
    head, *rows = section.rows
    return [
        head,
        *(
            tuple(
                text if place in section.numbers or not text else f"`{_plain(text)}`"
                for place, text in enumerate(row)
            )
            for row in rows
        ),
    ]


def _plain(text: str) -> str:
    return escape(text).replace("`", "'")


def render_annotations(review: Review) -> Iterator[str]:
    """The review as GitHub's workflow commands, which show it beside the lines."""
    if review.untested:
        for place in review.untested.places:
            yield _command("warning", place, "AI-written, untested", "no test executed these lines")
        for place in review.untested.unmeasured:
            yield _command("warning", place, "AI-written, not measured", _NOT_MEASURED)
    for function in review.failing or ():
        kinds = ", ".join(sorted({line.type for line in function.failed}))
        text = f"{function.name} failed {quantity(function.errors, 'time')} lately: {kinds}"
        for place in function.added:
            yield _command("warning", place, "Failed in production", text)
    for repair in review.replaced_repairs:
        text = f"replaces {repair.repair}, a person's repair of {', '.join(repair.repaired)}"
        yield _command("warning", repair.place, "Replaces a repair", text)
    for gate in review.gates:
        if not gate.passed:
            text = f"{gate.key} is {gate.value:.4g}, above the limit of {gate.limit:g}"
            yield f"::error title=aiprov review::{_data(text)}"


def _command(kind: str, place: Place, title: str, text: str) -> str:
    where = f"file={_property(place.path)},line={place.first},endLine={place.last}"
    return f"::{kind} {where},title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
