"""The views of the page: each reads its value from a session, and a template shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel.report.error_groups import ErrorGroup, error_groups, latest_failure
from aiprov_otel.report.failures import Failure
from aiprov_otel.report.flame import flame
from aiprov_otel.report.report import report_on
from aiprov_otel.report.source_files import SourceLine, SourceReader, SourceSummary, SourceText
from aiprov_otel.values import Outcome

if TYPE_CHECKING:
    from aiprov_otel.report.code import Code
    from aiprov_otel.report.sampling import Sampled
    from aiprov_otel.report.session import Session


class NotFound(LookupError):
    """There is no such view, group or file; the message has the reason."""


@dataclass(frozen=True, slots=True)
class GroupView:
    """
    A group of errors.

    Attributes:
        failure: its latest: a trace, and a stack.
        around: the lines of code around the one that raised.
        siblings: the other groups that escaped from lines of the same commit.
    """

    group: ErrorGroup
    failure: Failure
    around: tuple[SourceLine, ...]
    siblings: tuple[ErrorGroup, ...]


class Reading:
    """What the views of one page share: a session, the code, and what several of them read."""

    def __init__(self, session: Session, code: Code, sampled: Sampled | None = None) -> None:
        self.session = session
        self.code = code
        self.sampled = sampled

    @cached_property
    def _listed(self) -> tuple[ErrorGroup, ...]:
        return error_groups(self.session)

    @cached_property
    def groups(self) -> tuple[ErrorGroup, ...]:
        """Every group: those that escaped first, and of them the new ones."""
        return tuple(
            sorted(
                self._listed,
                key=lambda one: (one.outcome != Outcome.ESCAPED, not one.is_new, -one.count),
            )
        )

    @cached_property
    def sources(self) -> SourceReader:
        """The files of the application."""
        return SourceReader(self.session, self.code, self._listed)


def read_view(reading: Reading, view: str, key: str = "") -> Any:
    """
    The value of a *view*; *key* is the id of a group, or the path of a file.

    Raises:
        NotFound: there is no such view, group or file.
        StoreError: the source can't be read.
    """
    if view not in _VIEWS:
        raise NotFound("there is no such view")
    return _VIEWS[view](reading, key)


def _group(reading: Reading, key: str) -> GroupView:
    group = next((one for one in reading.groups if one.id == key), None)
    if group is None:
        raise NotFound("no such errors in this window; they may be older, or of another run")
    around: tuple[SourceLine, ...] = ()
    if group.path and group.line:
        around = tuple(reading.sources.around(group.path, group.line))
    siblings = tuple(
        one
        for one in reading.groups
        if group.commit
        and (one.commit, one.outcome) == (group.commit, Outcome.ESCAPED)
        and one.id != group.id
    )
    return GroupView(group, latest_failure(reading.session, group), around, siblings)


def _file(reading: Reading, path: str) -> SourceText:
    file = reading.sources.file(path)
    if file is None:
        raise NotFound("no such file in the manifest or in the spans of this window")
    return file


_VIEWS: Final[Mapping[str, Callable[[Reading, str], Any]]] = {
    "errors": lambda reading, _: reading.groups,
    "group": _group,
    "source": lambda reading, _: reading.sources.files(),
    "file": _file,
    "time": lambda reading, _: flame(reading.session),
    "comparison": lambda reading, _: report_on(reading.session, reading.sampled),
}
"""How the value of each view is read; its template has the same name."""


def commits(value: Any) -> Iterator[str]:
    """The commits that the *value* of a view shows."""
    if isinstance(value, SourceText):
        yield from (line.provenance.commit for line in value.lines if line.provenance.commit)
    rows = (value.group, *value.siblings) if isinstance(value, GroupView) else value
    for row in rows if isinstance(rows, tuple) else ():
        if isinstance(row, ErrorGroup) and row.commit:
            yield row.commit
        if isinstance(row, SourceSummary) and row.newest_commit:
            yield row.newest_commit
