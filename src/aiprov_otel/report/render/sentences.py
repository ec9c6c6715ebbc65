"""Sentences that the terminal, Markdown and the page share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiprov_otel.format import percent, quantity

if TYPE_CHECKING:
    from aiprov_otel.report.comparison import Adjusted
    from aiprov_otel.report.failures import Failure
    from aiprov_otel.report.report import Counts, Coverage
    from aiprov_otel.report.sensitivity import Bounds, Sensitivity


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


def other_readings(bounds: Bounds) -> str | None:
    """The ratio if the unknown and the mixed were one side's or the other's; None without one."""
    parts = []
    if bounds.unknown_share and bounds.unknown_human and bounds.unknown_ai:
        parts.append(
            f"{percent(bounds.unknown_share)} of these calls are of unknown origin: the ratio is "
            f"{bounds.unknown_human:.2g} if people wrote all of that code, "
            f"{bounds.unknown_ai:.2g} if models did."
        )
    if bounds.mixed_human and bounds.mixed_ai and bounds.mixed_human != bounds.mixed_ai:
        parts.append(
            f"With mixed code as human-written, it is {bounds.mixed_human:.2g}; as AI-written, "
            f"{bounds.mixed_ai:.2g}."
        )
    return " ".join(parts) or None


def other_explanations(sensitivity: Sensitivity) -> str | None:
    """How easily chance, or what nobody measured, gives such a ratio; None without one."""
    if sensitivity.placebo is None or sensitivity.e_value is None:
        return None
    return (
        f"With origins drawn by lot within each route, {percent(sensitivity.placebo)} of the draws "
        f"are as extreme. A difference that nobody measured explains it alone if it goes with "
        f"origin and with errors by a factor of {sensitivity.e_value:.2g} each (E-value; "
        f"{sensitivity.e_value_limit or 1:.2g} for the limit nearer to 1)."
    )
