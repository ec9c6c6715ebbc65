"""
The way of the data from a source to the page.

A `Place` is what an address shows: a view, of the spans of one run and of some days. `read_page`
opens a session on the source, and calls the one function of `_VIEWS` for that view; each asks the
session its questions (a file per statement in `report/sql`), and returns a frozen value. The value
is shown by the template of the same name in `render/page/templates`. `read_copy` does the same for
every place that the first view leads to, in one session.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel.report import sql
from aiprov_otel.report.deployments import Deployment, deployed, deployments
from aiprov_otel.report.error_groups import ErrorGroup, error_groups, latest_failure
from aiprov_otel.report.failures import Failure
from aiprov_otel.report.flame import flame
from aiprov_otel.report.report import report_on, repository_of, runs, why_nothing
from aiprov_otel.report.session import Session, opened
from aiprov_otel.report.source_files import SourceLine, SourceReader, SourceText
from aiprov_otel.values import Outcome

if TYPE_CHECKING:
    from aiprov_otel.report.code import Code
    from aiprov_otel.report.sampling import Sampled
    from aiprov_otel.telemetry.source import Source

DAY: Final = 86_400 * 10**9  # nanoseconds
_MOST_SPANS: Final = 1_000_000  # in a page whose address names no days
COPIED: Final = 100  # groups whose traces and stacks a copy holds


@dataclass(frozen=True, slots=True)
class Place:
    """
    What an address shows.

    Attributes:
        view: a key of `_VIEWS`.
        key: the id of the group, or the path of the file; empty for the other views.
        run: the id of a run, or `all`; the latest run if it is None.
        days: how far back it looks; None for as many spans as are shown at once.
    """

    view: str = "errors"
    key: str = ""
    run: str | None = None
    days: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What the page is about: its header.

    Attributes:
        services: their names.
        deployed: the latest deployment of each.
        earlier: how many deployments there were before those.
        spans: how many there are.
        begin: of the first span, Unix nanoseconds.
        end: when the last span began.
        is_cut: whether older spans are left out, because there are too many to show at once.
        run: the id of the run; None for all.
        runs: those that there are, the latest first.
    """

    services: tuple[str, ...]
    deployed: tuple[Deployment, ...]
    earlier: int
    spans: int
    begin: int
    end: int
    is_cut: bool
    run: str | None
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """The view of a *place*, and its *value*: what its template shows."""

    place: Place
    value: Any


@dataclass(frozen=True, slots=True)
class Page:
    """
    A page, or a copy that has several views.

    Attributes:
        place: what the address named.
        empty: why there is nothing to show; None if there is something.
        is_missing: whether there is no such view, group or file.
        repository: the address of the code, if all services name the same.
        subjects: the first line of the message of each commit that is shown, where git has it.
    """

    place: Place
    facts: Facts
    views: tuple[View, ...]
    empty: str | None
    is_missing: bool
    repository: str | None
    subjects: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GroupView:
    """
    A group of errors.

    Attributes:
        failure: its latest: a trace, and a stack.
        around: the lines of code around the one that raised.
        siblings: other groups whose lines the same commit wrote.
    """

    group: ErrorGroup
    failure: Failure
    around: tuple[SourceLine, ...]
    siblings: tuple[ErrorGroup, ...]


class _NotFound(LookupError):
    """There is nothing at a place; the message has the reason."""


class _Reading:
    """A session, and what the views of one page share."""

    def __init__(self, session: Session, code: Code, sampled: Sampled | None) -> None:
        self.session = session
        self.code = code
        self.sampled = sampled
        self._groups: tuple[ErrorGroup, ...] | None = None
        self._sources: SourceReader | None = None

    @property
    def groups(self) -> tuple[ErrorGroup, ...]:
        if self._groups is None:
            self._groups = error_groups(self.session)
        return self._groups

    @property
    def sources(self) -> SourceReader:
        if self._sources is None:
            self._sources = SourceReader(self.session, self.code)
        return self._sources


def _errors(reading: _Reading, _: str) -> tuple[ErrorGroup, ...]:
    """Every group: those that escaped first, new ones before the others."""
    return tuple(
        sorted(
            reading.groups,
            key=lambda one: (one.outcome != Outcome.ESCAPED, not one.is_new, -one.count),
        )
    )


def _group(reading: _Reading, key: str) -> GroupView:
    group = next((one for one in reading.groups if one.id == key), None)
    if group is None:
        raise _NotFound("no such errors in this window; they may be older, or of another run")
    around: tuple[SourceLine, ...] = ()
    if group.path and group.line:
        around = tuple(reading.sources.around(group.path, group.line))
    siblings = tuple(
        one
        for one in reading.groups
        if group.commit and one.commit == group.commit and one != group
    )
    return GroupView(group, latest_failure(reading.session, group), around, siblings)


def _file(reading: _Reading, path: str) -> Any:
    file = reading.sources.file(path)
    if file is None:
        raise _NotFound("no such file in the manifest or in the spans of this window")
    return file


def _no_view(_: _Reading, __: str) -> Any:
    raise _NotFound("there is no such view")


_VIEWS: Final[Mapping[str, Callable[[_Reading, str], Any]]] = {
    "errors": _errors,
    "group": _group,
    "source": lambda reading, _: reading.sources.files(),
    "file": _file,
    "time": lambda reading, _: flame(reading.session),
    "comparison": lambda reading, _: report_on(reading.session, reading.sampled),
}
"""How the value of each view is read; its template has the same name."""


def read_page(source: Source, place: Place, code: Code) -> Page:
    """
    Reads what *place* shows of *source*.

    Raises:
        StoreError: the source can't be read.
    """
    since, is_cut = _since(source, place.days)
    present = runs(source, since=since)
    run = place.run or next(iter(present), "all")
    scope = _Scope(since, None if run == "all" else run, present, place, is_cut)
    return _read(source, scope, code, lambda _: [place])


def read_copy(
    source: Source,
    since: int,
    run: str | None,
    code: Code,
    sampled: Sampled | None = None,
) -> Page:
    """
    Reads every view of *source* for a copy that asks for nothing.

    It is about the spans of *run* that began at *since* (Unix nanoseconds) or later. Of the groups
    it has the first ones, and of the files those that failed.

    Raises:
        StoreError: the source can't be read.
    """

    def places(reading: _Reading) -> Iterator[Place]:
        yield Place("errors")
        yield from (Place("group", one.id) for one in _errors(reading, "")[:COPIED])
        yield Place("source")
        yield from (Place("file", path) for path in reading.sources.failed())
        yield from (Place("time"), Place("comparison"))

    scope = _Scope(since, run, runs(source, since=since))
    return _read(source, scope, code, places, sampled)


@dataclass(frozen=True, slots=True)
class _Scope:
    """The spans of a page: of a *run* (all if None) that began at *since* or later."""

    since: int
    run: str | None
    runs: Sequence[str]
    place: Place = Place()
    is_cut: bool = False


def _read(
    source: Source,
    scope: _Scope,
    code: Code,
    places: Callable[[_Reading], Iterable[Place]],
    sampled: Sampled | None = None,
) -> Page:
    with opened(source, since=scope.since, run=scope.run) as session:
        session.create(("spans",))
        [(spans, units, begin, end)] = session.query("facts")
        reading = _Reading(session, code, sampled)
        views: list[View] = []
        empty, is_missing = why_nothing(spans, units, scope.place.days), False
        try:
            for one in places(reading) if spans else ():
                value = _VIEWS.get(one.view, _no_view)(reading, one.key)
                views.append(View(one, value))
        except _NotFound as error:
            empty, is_missing = str(error), True
        every, latest = deployments(session), deployed(session)
        facts = Facts(
            services=tuple(name for (name,) in session.query("services")),
            deployed=tuple(latest),
            earlier=len(every) - len(latest),
            spans=spans,
            begin=begin,
            end=end,
            is_cut=scope.is_cut,
            run=scope.run,
            runs=tuple(scope.runs),
        )
        commits = {*_commits(views), *(one.commit for one in latest)}
        return Page(
            scope.place,
            facts,
            tuple(views),
            empty,
            is_missing,
            repository_of(session.reader),
            code.subjects(commits),
        )


def _since(source: Source, days: float | None) -> tuple[int, bool]:
    """
    When the spans of a page begin, Unix nanoseconds, and whether older ones are left out.

    They are those of the last *days*; without, as many as can be shown at once.
    """
    if days:
        return max(time.time_ns() - int(days * DAY), 0), False
    with source.reader() as reader:
        [(spans,)] = reader.query(sql.query("size"))
        if spans <= _MOST_SPANS:
            return 0, False
        [(since,)] = reader.query(sql.query("moment", most=_MOST_SPANS))
        return since, True


def _commits(views: Iterable[View]) -> Iterator[str]:
    """The commits that *views* show."""
    for view in views:
        value = view.value
        groups: Iterable[ErrorGroup] = value if view.place.view == "errors" else ()
        if isinstance(value, GroupView):
            groups = (value.group, *value.siblings)
        if isinstance(value, SourceText):
            yield from (line.provenance.commit for line in value.lines if line.provenance.commit)
        yield from (group.commit for group in groups if group.commit)
