"""A report that has nothing to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiprov_otel.local.report import Report


def why_empty(found: Report) -> str | None:
    """Say why *found* has nothing to show and how to get it; None where it has."""
    if not found.coverage.spans:
        return "no traces were received yet; get some with `aiprov run -- CMD`"
    if not found.coverage.units:
        return (
            f"{found.coverage.spans} spans were received, none with aiprov.* attributes: run the "
            "service under `aiprov run`, or call aiprov_otel.install() in it and set "
            "AIPROV_MANIFEST to what `aiprov build` wrote"
        )
    return None
