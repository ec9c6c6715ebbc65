"""Application frames: the nearest above a span, and the lines that raised an exception."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from types import CodeType, FrameType, FunctionType, MethodType, TracebackType
from typing import Final, NamedTuple, TypeAlias

from aiprov_otel.runtime import resolver as resolver_module
from aiprov_otel.runtime import source_text
from aiprov_otel.runtime.callables import function_of
from aiprov_otel.runtime.exception_state import MEMBERS, is_group, members_of, traceback_of
from aiprov_otel.runtime.resolver import Resolver

DEPTH: Final = 100
"""Frames looked at before giving up; one costs 50 to 75 ns to materialise."""

COROUTINE: Final = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
"""Flags of code that only an event loop, or code like one, can drive."""
SUSPENDABLE: Final = COROUTINE | inspect.CO_GENERATOR
"""Flags of code that may run between a coroutine and the one that waits for it."""
MESSAGES: Final = frozenset(
    f"opentelemetry.instrumentation.{name}" for name in ("asgi", "fastapi", "starlette")
)
"""Scopes whose spans, but for those of requests, stand for one message to or from a client."""


def above(resolver: Resolver, frame: FrameType | None) -> FrameType | None:
    """The nearest frame, from *frame* on, that is the application's own."""
    return next((each for each in _upwards(frame) if _is_application(resolver, each)), None)


def _upwards(frame: FrameType | None) -> Iterator[FrameType]:
    """
    The frames from *frame* on that belong together.

    Below a loop or a pool the stack belongs to the code that started it; so it does below a chain
    of coroutines, whatever drives them.
    """
    driven = False
    for _ in range(DEPTH):
        if frame is None or (code := frame.f_code).co_filename in source_text.BOOTSTRAPS:
            return
        if code.co_flags & COROUTINE:
            driven = True
        elif driven and not code.co_flags & SUSPENDABLE:
            return
        yield frame
        frame = frame.f_back


def _is_application(resolver: Resolver, frame: FrameType) -> bool:
    code = frame.f_code
    is_library = code.co_filename in resolver.libraries and not resolver_module.stated
    return not is_library and resolver.is_ours(code)


_WRAPPED: Final = frozenset(("f", "fn", "func", "function", "wrapped", "wrapped_func"))
"""What decorators call the function that they are on."""
_GIVEN: Final = ("wrapped",)
_OPENERS: Final = ("contextlib", "opentelemetry.sdk", "opentelemetry.trace", "opentelemetry.util")
"""Modules between a function and the span that it opens by hand."""
_names: Final[dict[int, tuple[CodeType, tuple[str, ...]]]] = {}


class Opener(NamedTuple):
    """
    Who opened a span.

    Attributes:
        frame: the nearest application frame; None if there is none, or a decorator comes first.
        function: the function of the application whose decorator opened it.
        by_hand: whether only OpenTelemetry itself is between.
    """

    frame: FrameType | None = None
    function: FunctionType | None = None
    by_hand: bool = False


def opener(resolver: Resolver, start: FrameType, *, only_by_hand: bool = False) -> Opener:
    """
    The code of the application that opened a span which begins in the frame *start*.

    With *only_by_hand*, the search ends at the first frame of a library that is not OpenTelemetry.
    """
    by_hand = True
    for frame in _upwards(start):
        if _is_application(resolver, frame):
            return Opener(frame, None, by_hand)
        if (function := _decorated(resolver, frame)) is not None:
            return Opener(None, function, by_hand)
        by_hand = by_hand and str(frame.f_globals.get("__name__")).startswith(_OPENERS)
        if only_by_hand and not by_hand:
            break
    return Opener()


def sender(resolver: Resolver, start: FrameType) -> Opener:
    """
    The code of the application that sends or receives the message of the span begun in *start*.

    It calls the coroutine of the instrumentation. Further out, there is who serves the request: the
    handler, which is on the span of the request, or a middleware that passes it on.
    """
    is_calling = False
    for frame in _upwards(start):
        if _is_application(resolver, frame):
            return Opener(frame)
        if is_calling:
            break
        is_calling = bool(frame.f_code.co_flags & COROUTINE)
    return Opener()


def _decorated(resolver: Resolver, frame: FrameType) -> FunctionType | None:
    """The function of the application around which *frame*, of a library, is a decorator."""
    code = frame.f_code
    if (known := _names.get(id(code))) is None:
        if len(_names) >= resolver_module.LIMIT:
            _names.clear()
        # A decorator closes over the function; that of wrapt is given it. A function that is handed
        # to a library by the way is not decorated.
        names = tuple(_WRAPPED.intersection(code.co_freevars))
        names += _GIVEN if _GIVEN[0] in code.co_varnames[: code.co_argcount] else ()
        known = _names[id(code)] = (code, names)
    for name in known[1]:
        value = frame.f_locals.get(name)
        function = function_of(value) if type(value) in {FunctionType, MethodType} else None
        if function is not None and resolver.is_ours(function.__code__):
            return function
    return None


Place: TypeAlias = tuple[FrameType, int]
"""A frame and the line that it was executing."""


def places(resolver: Resolver, error: BaseException) -> list[Place]:
    """
    The lines that raised *error*: one, or none.

    A group that a library raised, as a task group of asyncio does at the end of its block, only
    collects other exceptions. Its lines are those that raised its leaves, one for each leaf with a
    line in the application; the line that it passed where no leaf has one.
    """
    if is_group(error) and (lines := _leaf_places(resolver, error)):
        return lines
    return place(resolver, traceback_of(error))


def place(resolver: Resolver, traceback: TracebackType | None) -> list[Place]:
    """The innermost line of *traceback* in the application, or the nearest one above it."""
    if traceback is None:
        return []
    if line := innermost(resolver, traceback):
        return [line]
    return nearest(resolver, traceback)


def nearest(resolver: Resolver, traceback: TracebackType) -> list[Place]:
    """The nearest line above *traceback* in the application."""
    # A span inside a library gets the same answer as the spans around it this way. A traceback
    # that is no longer on the stack has no frame above.
    frame = above(resolver, traceback.tb_frame.f_back)
    return [(frame, frame.f_lineno or frame.f_code.co_firstlineno)] if frame else []


def are_one(lines: Sequence[Place]) -> bool:
    """Whether *lines* are the same line, in however many frames."""
    return len(lines) == 1 or len({(id(frame.f_code), n) for frame, n in lines}) == 1


def _leaf_places(resolver: Resolver, group: BaseException) -> list[Place]:
    lines, pending, seen = [], [group], set[int]()
    while pending and len(seen) < MEMBERS:
        error = pending.pop()
        if id(error) in seen:  # a class may list a group as a member of itself
            continue
        seen.add(id(error))
        if is_group(error) and not _is_ours(resolver, traceback_of(error)):
            pending.extend(reversed(members_of(error)))
        elif line := innermost(resolver, traceback_of(error)):
            lines.append(line)
    return lines


def _is_ours(resolver: Resolver, step: TracebackType | None) -> bool:
    """Whether the application itself raised what has this traceback."""
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return step is not None and resolver.is_ours(step.tb_frame.f_code)


def innermost(resolver: Resolver, step: TracebackType | None) -> Place | None:
    """The innermost line of a traceback, from *step* on, in the application."""
    steps = []
    while step is not None:
        steps.append(step)
        step = step.tb_next
    for raising in reversed(steps):
        if resolver.is_ours(raising.tb_frame.f_code):
            # Code that the import hook writes into a function has no line.
            return raising.tb_frame, raising.tb_lineno or raising.tb_frame.f_code.co_firstlineno
    return None
