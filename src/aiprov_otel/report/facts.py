"""What a page is about: its services, the commits that they run, its time and its run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiprov_otel.report import sql
from aiprov_otel.report.deployments import Deployment, deployments
from aiprov_otel.report.failed_lines import since
from aiprov_otel.report.report import why_nothing

if TYPE_CHECKING:
    from aiprov_otel.report.session import Session
    from aiprov_otel.telemetry.source import Reader

MOST_SPANS: Final = 1_000_000
"""How many spans a page is about whose address names no days."""


@dataclass(frozen=True, slots=True)
class Window:
    """
    The spans that a page is about.

    Attributes:
        since: when the first may begin, Unix nanoseconds.
        run: the id of their run; None for all runs.
        runs: the runs in that time, the latest first; empty text for what no run started.
        is_cut: whether older spans are left out, because there are too many to show at once.
    """

    since: int = 0
    run: str | None = None
    runs: tuple[str, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """
    The header of a page.

    Attributes:
        window: the spans that it is about.
        services: their names.
        deployed: the latest deployment of each.
        earlier: how many deployments there were before those.
        spans: how many there are.
        begin: when the first span began, Unix nanoseconds.
        end: when the last span began.
        empty: why there is nothing of the application to show; None if there is something.
    """

    window: Window
    services: tuple[str, ...]
    deployed: tuple[Deployment, ...]
    earlier: int
    spans: int
    begin: int
    end: int
    empty: str | None


def latest_spans(reader: Reader, days: float | None) -> tuple[int, bool]:
    """
    When the spans of a page begin, Unix nanoseconds, and whether older ones are left out.

    They are those of the last *days*; without, as many as can be shown at once.

    Raises:
        StoreError: the source can't be read.
    """
    if days:
        return since(days), False
    [(spans,)] = reader.query(sql.query("size"))
    if spans <= MOST_SPANS:
        return 0, False
    [(begin,)] = reader.query(sql.query("moment", most=MOST_SPANS))
    return begin, True


def read_facts(session: Session, window: Window, days: float | None) -> Facts:
    """The header of a page about *window*; *days* are its length, where they are given."""
    session.create(("spans",))
    [(spans, units, begin, end)] = session.query("facts")
    services = deployments(session).values()
    return Facts(
        window,
        tuple(name for (name,) in session.query("services")),
        tuple(every[-1] for every in services),
        sum(len(every) - 1 for every in services),
        spans,
        begin,
        end,
        why_nothing(spans, units, days),
    )
