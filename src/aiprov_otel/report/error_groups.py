"""Errors grouped by the line that raised them: which are new, and how often they came."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel.report import sql
from aiprov_otel.report.deployments import deployments
from aiprov_otel.report.failures import Failure, read_failure
from aiprov_otel.report.trends import PARTS, rfc3339

if TYPE_CHECKING:
    from aiprov_otel.report.session import Session

_ID: Final = 5  # bytes
_MOST_ROUTES: Final = 5
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
        routes: the requests that it came in, by name, up to five, most errors first.
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
    routes: tuple[str, ...]
    trend: tuple[int, ...]


def error_groups(session: Session, limit: int = sql.MOST_GROUPS) -> tuple[ErrorGroup, ...]:
    """The *limit* most frequent groups; those that escaped come first."""
    session.create(sql.ERROR_TABLES)
    rows = session.query("error_groups", limit=limit)
    if not rows:
        return ()
    trends, routes, known = _trends(session), _routes(session), _Known(session)
    groups = []
    for key, first, latest, *common in rows:
        times = rfc3339(first), rfc3339(latest)
        values = [group_id(key), *common, None, *times, tuple(routes[key]), tuple(trends[key])]
        group = ErrorGroup(*values)
        groups.append(replace(group, is_new=known.is_new(group, first)))
    return tuple(groups)


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


def _routes(session: Session) -> Mapping[str, Sequence[str]]:
    """The names of the requests that each group came in, by its key."""
    routes: dict[str, list[str]] = defaultdict(list)
    for key, name in session.query("error_routes", most=_MOST_ROUTES):
        routes[key].append(name)
    return routes


class _Known:
    """The lines that raised before the commit that is deployed now."""

    def __init__(self, session: Session) -> None:
        self._begin: dict[str, int] = {}
        self._earlier: dict[str, set[tuple[Any, ...]]] = {}
        for service, (*earlier, latest) in deployments(session).items():
            if earlier:
                times = {"since": session.since, "before": latest.begin}
                lines = session.query("earlier_errors", {"service": service}, **times)
                self._begin[service], self._earlier[service] = latest.begin, set(lines)

    def is_new(self, group: ErrorGroup, first: int) -> bool | None:
        """Whether *group* came *first* since; None if nothing was deployed before."""
        if group.service not in self._earlier:
            return None
        line = (group.type, group.function, group.path, group.commit)
        return first >= self._begin[group.service] and line not in self._earlier[group.service]
