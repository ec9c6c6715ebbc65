"""Sentences that the terminal, Markdown and the page share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiprov_otel.format import percent, quantity

if TYPE_CHECKING:
    from aiprov_otel.report.comparison import Adjusted
    from aiprov_otel.report.failures import Failure
    from aiprov_otel.report.report import Counts, Coverage


def known_origin(coverage: Coverage) -> str:
    """How many calls have a known origin, and how many of them by weak evidence."""
    if coverage.known_share is None:
        return "No call of application code was counted."
    calls = quantity(coverage.units, "call")
    sentence = f"{percent(coverage.known_share)} of {calls} have a known origin"
    if coverage.weak_share:
        sentence += f", {percent(coverage.weak_share)} of those from weak evidence"
    return f"{sentence}."


def counted(counts: Counts) -> str:
    """How many requests there were and failed, and what became of the errors."""
    requests = quantity(counts.requests, "request")
    return (
        f"{requests}, {counts.failed_requests:,} failed. Errors: {counts.escaped:,} escaped, "
        f"{counts.handled:,} handled, {counts.expected:,} expected."
    )


def failure_title(failure: Failure) -> str:
    """What the latest failure is."""
    what = "failing request" if failure.is_request else "failure, of no request"
    return f"The latest {what}"


def shared_calls(adjusted: Adjusted) -> str:
    """How much of the telemetry the ratio rests on."""
    exposed, baseline = adjusted.failing
    return (
        f"{adjusted.informative_share:.0%} of the calls ran on routes that both sides serve; "
        f"{exposed} AI-written functions and {baseline} of the baseline failed there."
    )
