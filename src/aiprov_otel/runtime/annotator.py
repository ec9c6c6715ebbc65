"""Prebuilt attributes of units, call sites, exceptions and log lines, by identity."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from types import CodeType, FrameType, TracebackType
from typing import Any, Final, NamedTuple
from weakref import ref

from aiprov_otel import attributes
from aiprov_otel.attributes import Attributes
from aiprov_otel.manifest import decide
from aiprov_otel.runtime import resolver, stack
from aiprov_otel.runtime.exception_state import cause_of, is_group, state_of, traceback_of
from aiprov_otel.runtime.resolver import LIMIT, Resolver
from aiprov_otel.runtime.stack import Place
from aiprov_otel.settings import Commits, Extent
from aiprov_otel.values import Origin, Provenance, Unit

_MINIMAL: Final = {
    attributes.ORIGIN,
    attributes.MODEL_NAME,
    attributes.COMMIT_ID,
    attributes.EXCEPTION_ORIGIN,
    attributes.ERROR_ORIGIN,
}


class Emission(NamedTuple):
    """
    Which attributes are sent.

    Attributes:
        extent: `minimal` for origin, model, commit and the exception's and error's origin only.
        commits: `ai-only` leaves out the hashes of commits that people wrote.
    """

    extent: Extent = "all"
    commits: Commits = "all"

    def of_unit(self, provenance: Provenance, unit: Unit) -> Attributes:
        """The attributes of a span that stands for *unit*."""
        return self._select(attributes.of_unit(self._without_commit(provenance), unit))

    def of_log(self, provenance: Provenance) -> Attributes:
        """The attributes of a log record."""
        return self._select(attributes.of_log(self._without_commit(provenance)))

    def of_exception(self, raised: Provenance, cause: Provenance | None) -> Attributes:
        """The attributes of an exception event."""
        last = self._without_commit(cause) if cause else None
        return self._select(attributes.of_exception(self._without_commit(raised), last))

    def of_error(self, raised: Provenance) -> Attributes:
        """The attributes of a span that failed."""
        return self._select(attributes.of_error(self._without_commit(raised)))

    def of_code(self, function: str, path: str, line: int) -> Attributes:
        """`code.*`; nothing where only the minimum is sent."""
        return attributes.of_code(function, path, line) if self.extent == "all" else {}

    def _without_commit(self, provenance: Provenance) -> Provenance:
        if self.commits == "all" or provenance.origin in {Origin.AI, Origin.MIXED}:
            return provenance
        return replace(provenance, commit=None)

    def _select(self, attributes: Attributes) -> Attributes:
        if self.extent == "all":
            return attributes
        return {key: value for key, value in attributes.items() if key in _MINIMAL}


class Raised(NamedTuple):
    """The attributes of an exception: on its event, and on the span that it failed."""

    event: Attributes
    error: Attributes


class Annotator:
    """
    The attributes of everything that can be annotated, from one resolver.

    Attributes:
        lines: those of log records.
        sites: the attributes of each calling line, by code and instruction.
    """

    def __init__(self, resolver: Resolver, emission: Emission) -> None:
        self.resolver = resolver
        self.emission = emission
        self._units: dict[tuple[int, str, Unit], tuple[CodeType, Attributes]] = {}
        self.sites: dict[tuple[int, int], tuple[CodeType, Attributes]] = {}
        self._raising: dict[int, tuple[Provenance, Raised]] = {}
        self.lines = Lines(resolver, emission)

    def unit(self, code: CodeType, module: str, unit: Unit) -> Attributes:
        """The attributes of a span that stands for the function *code*."""
        key = (id(code), module, unit)
        if (cached := self._units.get(key)) is None:
            unit_attributes = self.emission.of_unit(
                self.resolver.unit(code), unit
            ) | self.emission.of_code(
                f"{module}.{code.co_qualname}", code.co_filename, self.resolver.definition(code)
            )
            if len(self._units) >= LIMIT:
                self._units.clear()
            cached = self._units[key] = (code, unit_attributes)
        return cached[1]

    def caller(self, frame: FrameType) -> Attributes:
        """The attributes of a span that the application *frame* started."""
        code, site = frame.f_code, (id(frame.f_code), frame.f_lasti)
        if (cached := self.sites.get(site)) is None:
            unit = self.resolver.unit(code)
            line = frame.f_lineno or code.co_firstlineno
            caller = self.emission.of_unit(unit, Unit.CALLER) | self._code(frame, line)
            if len(self.sites) >= LIMIT:
                self.sites.clear()
            cached = self.sites[site] = (code, caller)
        return cached[1]

    def exception(self, error: BaseException) -> Raised:
        """The attributes of *error*: of the line that raised it, and of its explicit cause."""
        head = traceback_of(error)
        if head is None or is_group(error):
            return self._exception(error, stack.places(self.resolver, error))
        # Each span around another one asks again. What was added to the traceback since stands
        # further out, so few steps are looked at, in however deep a stack.
        state = state_of(error)
        if self._has_answered(error, head, state.answer):
            answer: Raised | None = state.answer[1]
        else:
            line = stack.innermost(self.resolver, head)
            answer = self._exception(error, [line]) if line else None
        state.answer = (ref(self), answer, id(cause_of(error)), _identities(head))
        return answer or self._exception(error, stack.nearest(self.resolver, head))

    def _has_answered(
        self, error: BaseException, step: TracebackType | None, known: tuple[Any, ...]
    ) -> bool:
        """Whether a traceback from *step* on still has a step of the *known* answer."""
        if not known or known[0]() is not self or known[2] != id(cause_of(error)):
            return False
        steps: list[Any] = known[3]
        while step is not None:
            if (identity := _identity(step)) in steps:
                # Python may have freed the steps that were known, and made others in their place.
                rest = steps[steps.index(identity) :]
                return _identities(step)[: len(rest)] == rest
            if known[1] is None and self.resolver.is_ours(step.tb_frame.f_code):
                return False
            step = step.tb_next
        return False

    def _exception(self, error: BaseException, places: Sequence[Place]) -> Raised:
        raised, cause = self._raised(places), last_cause(error)
        event, failing = self._of_raised(raised)
        if cause is not None:
            event = self.emission.of_exception(raised, self.raised(cause))
        return Raised(event | (self._code(*places[0]) if stack.are_one(places) else {}), failing)

    def _of_raised(self, raised: Provenance) -> Raised:
        """The attributes of an exception without a cause, from a line of that provenance."""
        if (cached := self._raising.get(id(raised))) is None:
            if len(self._raising) >= LIMIT:
                self._raising.clear()
            of_exception = self.emission.of_exception(raised, None)
            attributes = Raised(of_exception, self.emission.of_error(raised))
            cached = self._raising[id(raised)] = (raised, attributes)
        return cached[1]

    def raised(self, error: BaseException) -> Provenance:
        """The provenance of the line that raised *error*; of the lines of a group, as one unit."""
        return self._raised(stack.places(self.resolver, error))

    def traceback(self, traceback: TracebackType | None) -> Provenance:
        """The provenance of the innermost line of *traceback* in the application."""
        return self._raised(stack.place(self.resolver, traceback))

    def _code(self, frame: FrameType, line: int) -> Attributes:
        code, module = frame.f_code, frame.f_globals.get("__name__", "?")
        return self.emission.of_code(f"{module}.{code.co_qualname}", code.co_filename, line)

    def _raised(self, places: Sequence[Place]) -> Provenance:
        lines = [self.resolver.line(frame.f_code, number) for frame, number in places]
        if stack.are_one(places):
            return lines[0]
        paths = {line.path for line in lines}
        path = paths.pop() if len(paths) == 1 else None
        return replace(decide(lines), path=path, ai_ratio=None)


def last_cause(error: BaseException) -> BaseException | None:
    """The exception at the end of the chain of explicit causes; None where there is none."""
    seen, last, cause = {id(error)}, None, cause_of(error)
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        last, cause = cause, cause_of(cause)
    return last


def _identity(step: TracebackType) -> tuple[int, ...]:
    """Identifies *step* without keeping it, and its frame, alive."""
    frame = step.tb_frame
    return id(step), id(frame), id(frame.f_code), step.tb_lasti


def _identities(step: TracebackType | None) -> list[tuple[int, ...] | None]:
    """The first steps from *step* on, and None where the traceback ends among them."""
    found: list[tuple[int, ...] | None] = []
    while step is not None and len(found) < _STEPS:
        found.append(_identity(step))
        step = step.tb_next
    return found if step is not None else [*found, None]


_STEPS: Final = 8
"""Steps that are remembered, as a context manager takes some away again when it ends."""


_DEPTH: Final = 30
"""Frames searched for the line that logs, which is right above the logger's own."""


class Lines:
    """The attributes of log records, by the line that logs; none for a line of a library."""

    def __init__(self, resolver: Resolver, emission: Emission) -> None:
        self._resolver = resolver
        self._emission = emission
        self._places: dict[tuple[str, int], Attributes] = {}
        self._sites: dict[tuple[int, int], tuple[CodeType, Attributes]] = {}

    def at(self, path: str, line: int) -> Attributes:
        """The attributes of a record that *line* of the file *path*, which is running, logs."""
        if (cached := self._places.get((path, line))) is None:
            code = _running(path, line) if resolver.stated else None
            cached = self._attributes(path, line, code)
            if len(self._places) >= LIMIT:
                self._places.clear()
            self._places[path, line] = cached
        return cached

    def of(self, frame: FrameType) -> Attributes:
        """The attributes of a record that *frame* emits."""
        code, site = frame.f_code, (id(frame.f_code), frame.f_lasti)
        if (cached := self._sites.get(site)) is None:
            line = frame.f_lineno or code.co_firstlineno
            cached = (code, self._attributes(code.co_filename, line, code))
            if len(self._sites) >= LIMIT:
                self._sites.clear()
            self._sites[site] = cached
        return cached[1]

    def _attributes(self, path: str, line: int, code: CodeType | None) -> Attributes:
        if code and (stated := resolver.declared(code)):
            return self._emission.of_log(stated)
        file = self._resolver.file(path)
        return self._emission.of_log(file.line(line)) if file else {}


def _running(path: str, line: int) -> CodeType | None:
    """The code that is executing *line* of *path* on this stack."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 (inspect costs ten times as much)
    for _ in range(_DEPTH):
        if frame is None:
            return None
        if frame.f_code.co_filename == path and frame.f_lineno == line:
            return frame.f_code
        frame = frame.f_back
    return None
