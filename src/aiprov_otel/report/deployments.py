"""The commits that services were deployed from, as their resources name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiprov_otel.report.session import Session


@dataclass(frozen=True, slots=True)
class Deployment:
    """
    A commit that a service ran.

    Attributes:
        service: its name.
        commit: the full hash.
        begin: when its first span began, Unix nanoseconds.
    """

    service: str
    commit: str
    begin: int


def deployments(session: Session) -> list[Deployment]:
    """
    The deployments of each service in any run, in order of time.

    Where several commits ran at once, as in a rollout, the one that came last is the deployed one.
    """
    rows = session.query("deployments", since=session.since)
    return [Deployment(*row) for row in rows if row[1]]


def deployed(session: Session) -> list[Deployment]:
    """The latest deployment of each service."""
    return list({one.service: one for one in deployments(session)}.values())
