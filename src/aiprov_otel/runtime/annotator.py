"""What to say about a unit, a call site and an exception: prebuilt, looked up by identity."""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType, FrameType, TracebackType
from typing import TypeAlias

from aiprov_otel.attributes import Attributes
from aiprov_otel.runtime import walk
from aiprov_otel.runtime.emission import Emission
from aiprov_otel.runtime.resolver import LIMIT, Resolver
from aiprov_otel.values import MISSING, Provenance, Unit

Place: TypeAlias = tuple[FrameType, int]
"""A frame and the line that it was executing."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception as it is told: on its event, and on the span that it failed."""

    event: Attributes
    error: Attributes


class Annotator:
    """
    The attributes of everything that can be annotated, from one resolver.

    Attributes:
        sites: what was said of each line that called, by code and instruction.
    """

    def __init__(self, resolver: Resolver, emission: Emission) -> None:
        self.resolver = resolver
        self.emission = emission
        self.sites: dict[tuple[int, int], tuple[CodeType, Attributes]] = {}

    def unit(self, code: CodeType, module: str, unit: Unit) -> Attributes:
        """What a span says that stands for the function *code*."""
        found = self.resolver.unit(code)
        definition = self.resolver.definition(code)
        return self.emission.of_unit(found, unit) | self.emission.of_code(
            f"{module}.{code.co_qualname}", code.co_filename, definition
        )

    def caller(self, frame: FrameType) -> Attributes:
        """What a span says that the application *frame* started."""
        code, site = frame.f_code, (id(frame.f_code), frame.f_lasti)
        if (known := self.sites.get(site)) is None:
            unit = self.resolver.unit(code)
            line = frame.f_lineno or code.co_firstlineno
            found = self.emission.of_unit(unit, Unit.CALLER) | self._code(frame, line)
            if len(self.sites) >= LIMIT:
                self.sites.clear()
            known = self.sites[site] = (code, found)
        return known[1]

    def exception(self, error: BaseException) -> Raised:
        """What is said about *error*: the line that raised it, and its explicit cause."""
        place = self._place(error.__traceback__)
        raised = self._raised(place)
        cause = last_cause(error)
        event = self.emission.of_exception(raised, self.raised(cause) if cause else None)
        if place:
            event |= self._code(*place)
        return Raised(event, self.emission.of_error(raised))

    def raised(self, error: BaseException) -> Provenance:
        """The provenance of the line that raised *error*."""
        return self.traceback(error.__traceback__)

    def traceback(self, traceback: TracebackType | None) -> Provenance:
        """The provenance of the innermost line of *traceback* that stands in the application."""
        return self._raised(self._place(traceback))

    def _code(self, frame: FrameType, line: int) -> Attributes:
        code, module = frame.f_code, frame.f_globals.get("__name__", "?")
        return self.emission.of_code(f"{module}.{code.co_qualname}", code.co_filename, line)

    def _raised(self, place: Place | None) -> Provenance:
        return self.resolver.line(place[0].f_code, place[1]) if place else MISSING

    def _place(self, step: TracebackType | None) -> Place | None:
        """The innermost line of the application in the traceback that begins with *step*."""
        found, first = None, step
        while step is not None:
            if self.resolver.is_ours(step.tb_frame.f_code):
                found = step
            step = step.tb_next
        if found:
            return found.tb_frame, found.tb_lineno
        return self._next(first.tb_frame.f_back) if first else None

    def _next(self, frame: FrameType | None) -> Place | None:
        """
        The line that an exception, still inside a library, will reach next on its way up.

        A span inside that library so gets the answer of the spans around it. Of a traceback that
        is no longer on the stack, *frame* is None.
        """
        frame = walk.above(self.resolver, frame)
        return (frame, frame.f_lineno) if frame else None


def last_cause(error: BaseException) -> BaseException | None:
    """The exception at the end of the chain of explicit causes; None where there is none."""
    seen, last, cause = {id(error)}, None, error.__cause__
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        last, cause = cause, cause.__cause__
    return last
