"""The unit `handler`: the function that serves the request, on the span of the request."""

from __future__ import annotations

from typing import Any

from aiprov_otel.runtime import state
from aiprov_otel.runtime.code import code_of
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.spans import annotate, entry_span
from aiprov_otel.values import Unit


def handled_by(function: Any) -> None:
    """Say on the current server or consumer span that *function* serves it."""
    with guard:
        annotator, span = state.annotator(), entry_span()
        if annotator is None or span is None:
            return
        code = code_of(function)
        annotate(span, annotator.unit(code, code_module(function), Unit.HANDLER))


def code_module(function: Any) -> str:
    """The name of the module that *function* was defined in."""
    return str(getattr(function, "__module__", None) or type(function).__module__)
