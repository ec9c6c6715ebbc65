"""A report that has nothing to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiprov_otel.report.report import Report


def why_empty(found: Report, days: float | None = None) -> str | None:
    """Say why *found*, of the last *days*, has nothing to show; None where it has."""
    if days and not found.coverage.spans:
        return f"no span began within --days {days:g}; ask for more of them"
    if not found.coverage.spans:
        return "no traces were received yet; get some with `aiprov run -- CMD`"
    if not found.coverage.units:
        return (
            f"{found.coverage.spans} spans were received, none with aiprov.* attributes: run the "
            "service under `aiprov run`, or call aiprov_otel.install() in it and set "
            "AIPROV_MANIFEST to what `aiprov build` wrote"
        )
    return None
