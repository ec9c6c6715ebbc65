"""What Tempo is asked for by all that leads to traces."""

from __future__ import annotations

from aiprov_otel import attributes as keys


def failed_by(origin: str) -> str:
    """
    Find spans that a line of *origin* failed, or a handler of it where nothing was raised.

    It is what `raised_by` says of metrics: a returned 500 counts for its handler.
    """
    line, handler = f"span.{keys.ERROR_ORIGIN}", f"span.{keys.ORIGIN}"
    # Below an `||`, Tempo 3.0 finds nothing by `= nil`.
    returned = f'!({line} != nil) && {handler} = "{origin}"'
    return f'status = error && ({line} = "{origin}" || ({returned}))'
