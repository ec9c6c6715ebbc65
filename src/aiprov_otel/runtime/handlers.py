"""The unit `handler`: the function that serves the request, on the span of the request."""

from __future__ import annotations

from typing import Any

from aiprov_otel.runtime import state
from aiprov_otel.runtime.code import function_of
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.spans import annotate, entry_span
from aiprov_otel.values import MISSING, Unit


def handled_by(thing: Any) -> None:
    """Say on the current server or consumer span that *thing*, a callable, serves it."""
    with guard:
        annotator, span = state.annotator(), entry_span()
        if annotator is None or span is None:
            return
        if (function := function_of(thing)) is None:
            annotate(span, annotator.emission.of_unit(MISSING, Unit.HANDLER))
        else:
            annotate(span, annotator.unit(function.__code__, function.__module__, Unit.HANDLER))
