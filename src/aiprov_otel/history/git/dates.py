"""When commits landed, where one has a date that can't be right."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git.repository import Git

FIRST: Final = datetime(2005, 4, 7, tzinfo=UTC)
"""The first commit of git: what is older was imported, or has a date that was set by hand."""
LAST: Final = int(datetime.max.replace(tzinfo=UTC).timestamp())
"""The last second that has a date."""


def corrected_dates(git: Git, names: Collection[str]) -> dict[str, datetime]:
    """
    Those of the commits *names* that are older than git, and than a parent, with its date.

    A date that was set by hand, to 1970 for one, is not when a commit landed.
    """
    if not names:
        return {}
    try:
        listing = git.run(
            "log", "--topo-order", "--reverse", "--format=%H %ct %P", "--no-show-signature",
            git.head(),
        )  # fmt: skip
    except HistoryError:  # an object that a partial clone lacks
        return {}
    first = int(FIRST.timestamp())
    dates: dict[str, int] = {}
    wrong: dict[str, datetime] = {}
    for line in listing.decode("ascii", "replace").splitlines():
        name, date, *parents = line.split(" ")
        # Git leaves out a date that it can't read, and prints one that no clock will ever show.
        own = int(date) if date.isdigit() and int(date) <= LAST else 0
        latest = max((dates[parent] for parent in parents if parent in dates), default=own)
        dates[name] = max(own, latest) if own < first else own
        if dates[name] != own and name in names:
            wrong[name] = datetime.fromtimestamp(dates[name], UTC)
    return wrong
