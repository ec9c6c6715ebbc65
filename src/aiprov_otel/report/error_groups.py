"""Errors grouped by the line that raised them: which are new, and how often they came."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel.report import sql
from aiprov_otel.report.deployments import Deployment, deployments
from aiprov_otel.report.failures import Failure, read_failure
from aiprov_otel.report.trends import PARTS, rfc3339

if TYPE_CHECKING:
    from aiprov_otel.report.session import Session

_ID: Final = 5  # bytes
_TEXTS: Final = (
    *("service", "type", "origin", "agent", "model", "commit", "function", "path", "outcome"),
)
"""What the errors of a group have in common, beside the number of the line."""


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """
    The errors of one type that one line raised, and what became of them.

    Attributes:
        id: the same in every report on the same group.
        is_new: whether the line never raised it before the deployed commit; None if no earlier
            commit was deployed.
        message: of the latest.
        first: when the first came, RFC 3339.
        latest: when the last came.
        trend: the number in each of 24 parts of the time from the first error of all to the last.
    """

    id: str
    service: str
    type: str
    message: str
    origin: str
    agent: str | None
    model: str | None
    commit: str | None
    function: str | None
    path: str | None
    line: int | None
    count: int
    outcome: str
    is_new: bool | None
    first: str
    latest: str
    trend: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of `error_groups.sql`."""

    key: str
    type: str
    origin: str
    agent: str | None
    model: str | None
    commit: str | None
    path: str | None
    line: int | None
    count: int
    outcome: str
    service: str
    function: str | None
    message: str
    first: int
    latest: int


def error_groups(session: Session, limit: int = sql.MOST_GROUPS) -> tuple[ErrorGroup, ...]:
    """The *limit* most frequent groups; those that escaped come first."""
    session.create(sql.ERROR_TABLES)
    rows = [_Row(*row) for row in session.query("error_groups", limit=limit)]
    if not rows:
        return ()
    trends = _trends(session)
    known = _Known(session)
    return tuple(
        ErrorGroup(
            id=group_id(row.key),
            service=row.service,
            type=row.type,
            message=row.message,
            origin=row.origin,
            agent=row.agent,
            model=row.model,
            commit=row.commit,
            function=row.function,
            path=row.path,
            line=row.line,
            count=row.count,
            outcome=row.outcome,
            is_new=known.is_new(
                row.service, (row.type, row.function, row.path, row.commit), row.first
            ),
            first=rfc3339(row.first),
            latest=rfc3339(row.latest),
            trend=tuple(trends[row.key]),
        )
        for row in rows
    )


def group_id(key: str) -> str:
    """The id of the group whose `GroupKey` is *key*."""
    return hashlib.blake2s(key.encode(errors="replace"), digest_size=_ID).hexdigest()


def latest_failure(session: Session, group: ErrorGroup) -> Failure:
    """The latest failure of *group*."""
    texts = {name: getattr(group, name) or "" for name in _TEXTS}
    [row] = session.query("failure", {**texts, "line": group.line or 0})
    return read_failure(session.reader, row)


def _trends(session: Session) -> Mapping[str, Sequence[int]]:
    """The errors of each group by its key, in each part of the time of all."""
    [(begin, end)] = session.query("error_times")
    trends: dict[str, list[int]] = defaultdict(lambda: [0] * PARTS)
    width = (end - begin) // PARTS + 1
    for key, part, count in session.query("error_trend", begin=begin, width=width):
        trends[key][min(int(part), PARTS - 1)] += count
    return trends


class _Known:
    """The lines that raised before the commit that is deployed now."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._deployed: dict[str, Deployment] = {}
        self._earlier: dict[str, set[tuple[Any, ...]]] = {}
        for deployment in deployments(session):
            if deployment.service in self._deployed:
                self._earlier[deployment.service] = set()
            self._deployed[deployment.service] = deployment
        for service, lines in self._earlier.items():
            before = self._deployed[service].begin
            lines.update(
                session.query("earlier_errors", {"service": service}, **self._times(before))
            )

    def _times(self, before: int) -> dict[str, int]:
        return {"since": self._session.since, "before": before}

    def is_new(self, service: str, line: tuple[Any, ...], first: int) -> bool | None:
        """Whether *line* raised for the *first* time since; None if nothing was deployed before."""
        earlier = self._earlier.get(service)
        if earlier is None:
            return None
        return first >= self._deployed[service].begin and line not in earlier
