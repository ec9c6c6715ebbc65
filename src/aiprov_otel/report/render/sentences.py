"""Sentences that the terminal, Markdown and the page share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiprov_otel.format import percent, quantity

if TYPE_CHECKING:
    from aiprov_otel.report.comparison import Adjusted
    from aiprov_otel.report.report import Coverage


def known_origin(coverage: Coverage) -> str:
    """How many calls have a known origin, and how many of them by weak evidence."""
    sentence = (
        f"{percent(coverage.known_share) or 'None'} of {quantity(coverage.units, 'call')} have a "
        "known origin"
    )
    if coverage.weak_share:
        sentence += f", {percent(coverage.weak_share)} of those from weak evidence"
    return f"{sentence}."


def shared_calls(adjusted: Adjusted) -> str:
    """How much of the telemetry the ratio rests on."""
    exposed, baseline = adjusted.failing
    return (
        f"{adjusted.informative_share:.0%} of the calls ran on routes that both sides serve; "
        f"{exposed} AI-written functions and {baseline} of the baseline failed there."
    )
