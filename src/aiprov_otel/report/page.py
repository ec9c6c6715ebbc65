"""
The way of the data from a source to the page.

A `Place` is what an address shows: a view, of the spans of one run and of some days. `read_page`
opens a session on the source and calls `views.read_view`. That asks the session the questions of
this view (a file per statement in `report/sql`) and returns a frozen value. A `Page` is that value
and the facts of the header. `render/page/html.py` hands it to the template of the same name as the
view, and `render/page/script` filters its rows in the browser. `read_copy` does the same for every
view that the first one leads to, in one session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel.report.facts import Facts, Window, latest_spans, read_facts
from aiprov_otel.report.failed_lines import since
from aiprov_otel.report.report import repository_of, runs_of
from aiprov_otel.report.session import Session, snapshot
from aiprov_otel.report.views import NotFound, Reading, commits, read_view

if TYPE_CHECKING:
    from aiprov_otel.report.code import Code
    from aiprov_otel.report.sampling import Sampled
    from aiprov_otel.telemetry.source import Reader, Source

COPIED: Final = 100
"""How many groups, with their traces and stacks, a copy holds."""


@dataclass(frozen=True, slots=True)
class Place:
    """
    What an address shows.

    Attributes:
        view: its name.
        key: the id of a group, or the path of a file; empty for the other views.
        run: the id of a run, `all`, or `none` for what no run started; None for the latest.
        days: how far back it looks; None for as many spans as are shown at once.
    """

    view: str = "errors"
    key: str = ""
    run: str | None = None
    days: float | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A view, and its *value*: what its template shows."""

    name: str
    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class Page:
    """
    A page, or a copy that has several views.

    Attributes:
        place: what the address named.
        missing: why there is no such view, group or file; None if there is one.
        repository: the address of the code, if all services name the same.
        subjects: the first line of the message of each commit that is shown, where git has it.
    """

    place: Place
    facts: Facts
    views: tuple[View, ...]
    missing: str | None
    repository: str | None
    subjects: Mapping[str, str]


def read_page(source: Source, place: Place, code: Code) -> Page:
    """
    Reads what *place* shows of *source*.

    Raises:
        StoreError: the source can't be read.
    """
    with snapshot(source) as reader:
        begin, is_cut = latest_spans(reader, place.days)
        present = runs_of(reader, since=begin)
        named = {"all": None, "none": "", None: next(iter(present), None)}
        window = Window(begin, named.get(place.run, place.run), tuple(present), is_cut)
        return _read(reader, place, window, code, lambda _: [(place.view, place.key)])


def read_copy(
    source: Source,
    days: float | None,
    run: str | None,
    code: Code,
    sampled: Sampled | None = None,
) -> Page:
    """
    Reads every view of *source* for a copy that asks for nothing.

    It is about the spans of *run* that began in the last *days*; None is all of them. Of the groups
    it has the first ones, and of the files those that failed.

    Raises:
        StoreError: the source can't be read.
    """

    def names(reading: Reading) -> Iterator[tuple[str, str]]:
        yield "errors", ""
        yield from (("group", one.id) for one in reading.groups[:COPIED])
        yield "source", ""
        yield from (("file", path) for path in reading.sources.failed())
        yield from (("time", ""), ("comparison", ""))

    window = Window(since(days) if days else 0, run)
    with snapshot(source) as reader:
        return _read(reader, Place(days=days), window, code, names, sampled)


def _read(
    reader: Reader,
    place: Place,
    window: Window,
    code: Code,
    names: Callable[[Reading], Iterable[tuple[str, str]]],
    sampled: Sampled | None = None,
) -> Page:
    session = Session(reader, since=window.since, run=window.run)
    facts = read_facts(session, window, place.days)
    reading = Reading(session, code, sampled)
    views: list[View] = []
    missing = None
    try:
        for name, key in names(reading) if facts.spans else ():
            views.append(View(name, key, read_view(reading, name, key)))
    except NotFound as error:
        missing = str(error)
    shown = {one.commit for one in facts.deployed}
    shown.update(commit for view in views for commit in commits(view.value))
    repository = repository_of(reader)
    return Page(place, facts, tuple(views), missing, repository, code.subjects(shown))
