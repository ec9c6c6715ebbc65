"""What one line of a message records about who wrote a commit."""

from __future__ import annotations

from typing import NamedTuple

from aiprov_otel.values import Evidence, Origin


class Found(NamedTuple):
    """
    What a line records.

    Attributes:
        rule: names the row of the table or, without one, the place.
        evidence: the kind; None for what is shown and does not mark the commit.
        agent: slug of the tool.
        model: normalized.
        origin: the origin, where the line itself states one.
    """

    rule: str
    evidence: Evidence | None
    agent: str | None = None
    model: str | None = None
    origin: Origin | None = None
