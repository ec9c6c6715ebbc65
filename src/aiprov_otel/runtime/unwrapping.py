"""Unwraps what a library, such as Logfire or OpenInference, has put around the SDK's."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Final, TypeVar

from opentelemetry import trace
from opentelemetry.sdk.trace import Span

from aiprov_otel.runtime.guard import call_guard

Made = TypeVar("Made")

_DEEPEST: Final = 5  # wrappers around wrappers


class PassingSpan(trace.Span):
    """A span of ours that passes on to another, which may change."""

    @abstractmethod
    def find(self) -> trace.Span:
        """The one that it passes on to now; it may begin only now."""


def sdk_span(span: Any) -> Span | None:
    """
    The span of the SDK that *span* is, or has in its attributes, as far as can be seen.

    A wrapper may know other spans, such as its parent: its own has the id that the wrapper names.
    A `PassingSpan` has none, as asking for it may begin one.
    """
    with call_guard:
        for _ in range(_DEEPEST):
            if Span in type(span).__mro__:
                found: Span = span
                return found
            if PassingSpan in type(span).__mro__:
                break
            if hasattr(type(span), "__wrapped__"):  # one of wrapt, whose attributes are not its own
                span = span.__wrapped__
                continue
            within = attributes_of_kind(span, trace.Span)  # type: ignore[type-abstract]
            same = (each for each in within if _number(each) == _number(span))
            if (span := next(same, None)) is None:
                break
    return None


def _number(span: trace.Span) -> int:
    return span.get_span_context().span_id


def sdk_providers(provider: Any, kind: type[Made]) -> list[Made]:
    """The SDK's providers of *kind* that *provider* is, or passes on to, as far as can be seen."""
    return [provider] if isinstance(provider, kind) else attributes_of_kind(provider, kind)


def attributes_of_kind(wrapper: object, kind: type[Made]) -> list[Made]:
    """
    What *wrapper* has of *kind* in its attributes.

    Real classes are compared: `isinstance` reads `__class__`, which may run code of others.
    """
    values = [*getattr(wrapper, "__dict__", {}).values()]  # another thread may add one meanwhile
    return [each for each in values if kind in type(each).__mro__]
