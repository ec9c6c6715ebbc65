"""What to say about a unit, a call site and an exception: prebuilt, looked up by identity."""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType, FrameType, TracebackType

from aiprov_otel.attributes import Attributes
from aiprov_otel.runtime.emission import Emission
from aiprov_otel.runtime.resolver import LIMIT, Resolver
from aiprov_otel.values import MISSING, Provenance, Unit


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception as it is told: on its event, and on the span that it failed."""

    event: Attributes
    error: Attributes


class Annotator:
    """The attributes of everything that can be annotated, from one resolver."""

    def __init__(self, resolver: Resolver, emission: Emission) -> None:
        self.resolver = resolver
        self.emission = emission
        self._sites: dict[tuple[int, int], tuple[CodeType, Attributes]] = {}

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
        if (known := self._sites.get(site)) is None:
            unit = self.resolver.unit(code)
            line = frame.f_lineno or code.co_firstlineno
            found = self.emission.of_unit(unit, Unit.CALLER) | self._code(frame, line)
            if len(self._sites) >= LIMIT:
                self._sites.clear()
            known = self._sites[site] = (code, found)
        return known[1]

    def exception(self, error: BaseException) -> Raised:
        """What is said about *error*: the line that raised it, and its explicit cause."""
        step = self._innermost(error.__traceback__)
        raised = self._raised(step)
        cause = last_cause(error)
        event = self.emission.of_exception(raised, self.raised(cause) if cause else None)
        if step:
            event |= self._code(step.tb_frame, step.tb_lineno)
        return Raised(event, self.emission.of_error(raised))

    def raised(self, error: BaseException) -> Provenance:
        """The provenance of the line that raised *error*."""
        return self.traceback(error.__traceback__)

    def traceback(self, traceback: TracebackType | None) -> Provenance:
        """The provenance of the innermost line of *traceback* that stands in the application."""
        return self._raised(self._innermost(traceback))

    def _code(self, frame: FrameType, line: int) -> Attributes:
        code, module = frame.f_code, frame.f_globals.get("__name__", "?")
        return self.emission.of_code(f"{module}.{code.co_qualname}", code.co_filename, line)

    def _raised(self, step: TracebackType | None) -> Provenance:
        return self.resolver.line(step.tb_frame.f_code, step.tb_lineno) if step else MISSING

    def _innermost(self, step: TracebackType | None) -> TracebackType | None:
        """The innermost step, from *step* on, that stands in the application."""
        found = None
        while step is not None:
            if self.resolver.is_ours(step.tb_frame.f_code):
                found = step
            step = step.tb_next
        return found


def last_cause(error: BaseException) -> BaseException | None:
    """The exception at the end of the chain of explicit causes; None where there is none."""
    seen, last, cause = {id(error)}, None, error.__cause__
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        last, cause = cause, cause.__cause__
    return last
