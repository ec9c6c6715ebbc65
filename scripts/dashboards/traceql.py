"""TraceQL that alerts and dashboards share."""

from __future__ import annotations

from aiprov_otel import attributes as keys


def failed_by(origin: str) -> str:
    """
    Matches spans that a line of *origin* failed, or its handler where nothing was raised.

    `raised_by` means the same in metrics: a returned 500 counts for its handler.
    """
    line, handler = f"span.{keys.ERROR_ORIGIN}", f"span.{keys.ORIGIN}"
    # Below an `||`, Tempo 3.0 finds nothing by `= nil`.
    not_raised = f'!({line} != nil) && {handler} = "{origin}"'
    return f'status = error && ({line} = "{origin}" || ({not_raised}))'
