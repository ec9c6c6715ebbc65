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


def deployments(session: Session) -> dict[str, list[Deployment]]:
    """
    The deployments of each service in any run, in order of time.

    Where several commits ran at once, as in a rollout, the one that came last is the deployed one.
    """
    services: dict[str, list[Deployment]] = {}
    for service, commit, begin in session.query("deployments", since=session.since):
        if commit:
            services.setdefault(service, []).append(Deployment(service, commit, begin))
    return services
