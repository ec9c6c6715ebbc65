"""What to say about a unit, a call site and an exception: prebuilt, looked up by identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import CodeType, FrameType, TracebackType

from aiprov_otel.attributes import Attributes
from aiprov_otel.manifest import decide
from aiprov_otel.runtime import raising
from aiprov_otel.runtime.emission import Emission
from aiprov_otel.runtime.lines import Lines
from aiprov_otel.runtime.raising import Place
from aiprov_otel.runtime.resolver import LIMIT, Resolver
from aiprov_otel.values import Provenance, Unit


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception as it is told: on its event, and on the span that it failed."""

    event: Attributes
    error: Attributes


class Annotator:
    """
    The attributes of everything that can be annotated, from one resolver.

    Attributes:
        lines: those of log records.
        sites: what was said of each line that called, by code and instruction.
    """

    def __init__(self, resolver: Resolver, emission: Emission) -> None:
        self.resolver = resolver
        self.emission = emission
        self._units: dict[tuple[int, str, Unit], tuple[CodeType, Attributes]] = {}
        self.sites: dict[tuple[int, int], tuple[CodeType, Attributes]] = {}
        self.lines = Lines(resolver, emission)

    def unit(self, code: CodeType, module: str, unit: Unit) -> Attributes:
        """What a span says that stands for the function *code*."""
        key = (id(code), module, unit)
        if (known := self._units.get(key)) is None:
            found = self.emission.of_unit(self.resolver.unit(code), unit) | self.emission.of_code(
                f"{module}.{code.co_qualname}", code.co_filename, self.resolver.definition(code)
            )
            if len(self._units) >= LIMIT:
                self._units.clear()
            known = self._units[key] = (code, found)
        return known[1]

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
        places = raising.places(self.resolver, error)
        raised = self._raised(places)
        cause = last_cause(error)
        event = self.emission.of_exception(
            raised, self.raised(cause) if cause is not None else None
        )
        if raising.are_one(places):
            event |= self._code(*places[0])
        return Raised(event, self.emission.of_error(raised))

    def raised(self, error: BaseException) -> Provenance:
        """The provenance of the line that raised *error*; of the lines of a group, as one unit."""
        return self._raised(raising.places(self.resolver, error))

    def traceback(self, traceback: TracebackType | None) -> Provenance:
        """The provenance of the innermost line of *traceback* that stands in the application."""
        return self._raised(raising.place(self.resolver, traceback))

    def _code(self, frame: FrameType, line: int) -> Attributes:
        code, module = frame.f_code, frame.f_globals.get("__name__", "?")
        return self.emission.of_code(f"{module}.{code.co_qualname}", code.co_filename, line)

    def _raised(self, places: Sequence[Place]) -> Provenance:
        lines = [self.resolver.line(frame.f_code, number) for frame, number in places]
        if raising.are_one(places):
            return lines[0]
        paths = {line.path for line in lines}
        path = paths.pop() if len(paths) == 1 else None
        return replace(decide(lines), path=path, ai_ratio=None)


def last_cause(error: BaseException) -> BaseException | None:
    """The exception at the end of the chain of explicit causes; None where there is none."""
    seen, last, cause = {id(error)}, None, error.__cause__
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        last, cause = cause, cause.__cause__
    return last
