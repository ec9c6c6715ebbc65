"""Which lines of the application raised an exception: one, or for a group those of its leaves."""

from __future__ import annotations

from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Final, TypeAlias

from aiprov_otel.runtime import stack
from aiprov_otel.runtime.resolver import Resolver

Place: TypeAlias = tuple[FrameType, int]
"""A frame and the line that it was executing."""

MEMBERS: Final = 1_000
"""Members of a group that are looked at; a larger one is decided over so many."""


def places(resolver: Resolver, error: BaseException) -> list[Place]:
    """
    The lines that raised *error*: one, or none.

    A group that a library raised only hands on what others did, as a task group of asyncio does
    at the end of its block. It is of the lines that raised its leaves, one for each leaf that has
    a line in the application; of the line that it passed where no leaf has one.
    """
    if isinstance(error, BaseExceptionGroup) and (leaves := _leaves(resolver, error)):
        return leaves
    return place(resolver, error.__traceback__)


def place(resolver: Resolver, traceback: TracebackType | None) -> list[Place]:
    """The innermost line of *traceback* in the application, or the one that it is coming to."""
    if traceback is None:
        return []
    if found := _innermost(resolver, traceback):
        return [found]
    # A span inside a library so gets the answer of the spans around it. Of a traceback that is no
    # longer on the stack, there is no frame to look at.
    frame = stack.above(resolver, traceback.tb_frame.f_back)
    return [(frame, frame.f_lineno)] if frame else []


def are_one(lines: Sequence[Place]) -> bool:
    """Whether *lines* are the same line, in however many frames."""
    return len({(id(frame.f_code), number) for frame, number in lines}) == 1


def _leaves(resolver: Resolver, group: BaseException) -> list[Place]:
    found, pending, seen = [], [group], set[int]()
    while pending and len(seen) < MEMBERS:
        error = pending.pop()
        if id(error) in seen:  # a class may say that a group is a member of itself
            continue
        seen.add(id(error))
        if isinstance(error, BaseExceptionGroup) and not _is_ours(resolver, error.__traceback__):
            pending.extend(reversed(error.exceptions))
        elif line := _innermost(resolver, error.__traceback__):
            found.append(line)
    return found


def _is_ours(resolver: Resolver, step: TracebackType | None) -> bool:
    """Whether the application itself raised what has this traceback."""
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return step is not None and resolver.is_ours(step.tb_frame.f_code)


def _innermost(resolver: Resolver, step: TracebackType | None) -> Place | None:
    found = None
    while step is not None:
        if resolver.is_ours(step.tb_frame.f_code):
            found = step
        step = step.tb_next
    if found is None:
        return None
    # What the import hook writes into a function has no line.
    return found.tb_frame, found.tb_lineno or found.tb_frame.f_code.co_firstlineno
