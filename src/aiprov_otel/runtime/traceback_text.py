"""
The text of an exception, byte for byte that of `traceback.format_exception`, and cheaper.

Formatting is 96 to 100 % of what recording an exception costs, and nearly all of it is finding
source, positions and carets of frames that were formatted before. `TracebackException` is built
without frames, and given stacks whose frames' text is remembered by `(id(code), tb_lasti)`; chains,
groups, notes and suggestions stay its own.
"""

from __future__ import annotations

import sys
import traceback
from traceback import TracebackException
from types import CodeType, TracebackType
from typing import Any, Final, NamedTuple

_LIMIT: Final = 20_000
_SHOWN: Final = 3  # of one line that repeats; the rest is counted


class _Frame(NamedTuple):
    code: CodeType  # kept alive, so that its id stays its own
    text: str
    line: tuple[str, int | None, str]


class _Stack(list[str]):
    """A stack that is text already, in place of a `StackSummary`."""

    def format(self, **_: Any) -> list[str]:
        return self


_frames: dict[tuple[int, int], _Frame] = {}


def text_of(error: BaseException) -> str:
    """The text of *error*, its chain and its group."""
    if hasattr(sys, "tracebacklimit"):
        return "".join(traceback.format_exception(error))
    summary = TracebackException(type(error), error, error.__traceback__, limit=0, compact=True)
    if summary.exceptions is None and summary.__cause__ is None and summary.__context__ is None:
        # Without a chain or a group, `format` would spend half of its time on indenting.
        first = ["Traceback (most recent call last):\n"] if error.__traceback__ is not None else []
        return "".join([*first, *_lines(error.__traceback__), *summary.format_exception_only()])
    pending = [(summary, error)]
    while pending:
        one, its = pending.pop()
        if its.__traceback__ is not None:
            one.stack = _Stack(_lines(its.__traceback__))  # type: ignore[assignment]
        pending += _below(one, its)
    return "".join(summary.format())


def _below(summary: TracebackException, error: BaseException) -> list[Any]:
    """The causes of *error*, and the members of a group, each with its `TracebackException`."""
    parts = getattr(error, "exceptions", ()) if summary.exceptions else ()
    pairs = [
        (summary.__cause__, error.__cause__),
        (summary.__context__, error.__context__),
        *zip(summary.exceptions or (), parts, strict=False),
    ]
    return [pair for pair in pairs if pair[0] is not None]


def _lines(step: TracebackType | None) -> list[str]:
    """The text of each frame; of a line that repeats, the first three and how many more."""
    lines: list[str] = []
    last, count, frames = None, 0, _frames
    while step is not None:
        # Not in a function of its own: there may be hundreds of frames.
        code = step.tb_frame.f_code
        frame = frames.get((id(code), step.tb_lasti)) or _format(step)
        if frame.line != last:
            if count > _SHOWN:
                lines.append(_repeated(count))
            last, count = frame.line, 0
        count += 1
        if count <= _SHOWN:
            lines.append(frame.text)
        step = step.tb_next
    if count > _SHOWN:
        lines.append(_repeated(count))
    return lines


def _repeated(count: int) -> str:
    more = count - _SHOWN
    return f"  [Previous line repeated {more} more time{'s' if more > 1 else ''}]\n"


def _format(step: TracebackType) -> _Frame:
    """Format the frame of *step*, and remember it."""
    code = step.tb_frame.f_code
    if len(_frames) >= _LIMIT:
        _frames.clear()
    summaries = traceback.extract_tb(step, limit=1)
    line = (summaries[0].filename, summaries[0].lineno, summaries[0].name)
    frame = _frames[id(code), step.tb_lasti] = _Frame(code, "".join(summaries.format()), line)
    return frame
