"""A printed stack trace, parsed, each frame with who wrote its line; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Protocol, TypeVar

from aiprov_otel.stacktrace.standard_library import is_standard
from aiprov_otel.values import Match, Provenance

# A group's frames follow a margin of `|`; a log puts its prefix before the two blanks that a frame
# is indented by, and Loguru marks one with `> `. The file of a SyntaxError is not a frame: it has
# no "in". faulthandler prints no comma before it.
_FRAME: Final = re.compile(
    r"^(?P<margin>[ |]*|.*(?:[ |]{2}|\t|> ))"
    r'File "(?P<path>[^"]+)", line (?P<line>\d{1,9}),? in (?P<name>.+)$'
)
_PART: Final = re.compile(r'(?>.*\bFile ")(?!.*", line \d+$)')
_INSTALLED: Final = re.compile(r"^.*/(?:site|dist)-packages/")


_File = TypeVar("_File", bound="File")


class File(Protocol):
    """A file of the application, by both its names."""

    @property
    def path(self) -> str:
        """Relative to the repository, with `/`."""

    @property
    def import_path(self) -> str:
        """The tail of *path* that survives an installation."""


class Lines(Protocol):
    """The lines of a file."""

    def line(self, number: int, /) -> Provenance:
        """Who wrote line *number*."""


class Known(Protocol[_File]):
    """A source of an application's files: a manifest, or git."""

    def with_tail(self, filename: str, /) -> list[_File]:
        """The files that *filename* may be a deployed copy of."""

    def source(self, file: _File, /) -> Lines:
        """The lines of *file*."""


@dataclass(frozen=True, slots=True)
class Frame:
    """
    One frame of a stack trace.

    Attributes:
        path: of the file, as printed.
        line: the number of the line that was executing.
        function: its name.
        provenance: of that line; None for a file outside the application.
    """

    path: str
    line: int
    function: str
    provenance: Provenance | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the text, and its frame; None for a header or a message."""

    text: str
    frame: Frame | None


def annotate(text: str, known: Known[Any] | None) -> tuple[Line, ...]:
    """
    Returns every line of *text*, with its frame.

    Chained stack traces and exception groups keep their shape: no line is dropped, added or moved.
    """
    return tuple(_lines(text.splitlines(), known))


def unread(lines: Iterable[Line]) -> int:
    """The number of *lines* with a part of a frame only: cut off, or mixed with others."""
    return sum(line.frame is None and bool(_PART.match(line.text)) for line in lines)


def fold_foreign(lines: Iterable[Line]) -> Iterator[Line]:
    """*lines*, with one line that counts the frames for each run outside the application."""
    for foreign, run in groupby(lines, lambda line: bool(line.frame and not line.frame.provenance)):
        block = list(run)
        frames = len(dict.fromkeys(id(line.frame) for line in block))
        if not foreign or frames == 1:
            yield from block
        else:
            margin = block[0].text[: -len(block[0].text.lstrip(" |"))]
            yield Line(f"{margin}… {frames} frames outside the application", block[0].frame)


def _lines(lines: Iterable[str], known: Known[Any] | None) -> Iterator[Line]:
    frame, margin = None, ""
    for text in lines:
        if match := _FRAME.match(text):
            margin = match["margin"]
            frame = _frame(match["path"], int(match["line"]), match["name"], known)
        elif not _deeper(text, margin):  # source and carets are indented deeper than their frame
            frame = frame if "[Previous line repeated " in text else None
        yield Line(text, frame)


def _deeper(text: str, margin: str) -> bool:
    # The prefix of a log has the same width in each line, but not the same time of day.
    noise = bool(margin.strip(" |"))
    return text.startswith(margin + "  ") or (noise and text[len(margin) :].startswith("  "))


def _frame(path: str, line: int, function: str, known: Known[Any] | None) -> Frame:
    files = _files(path.replace("\\", "/"), known) if known else []
    if known is None or not files:
        return Frame(path, line, function, None)
    if len(files) > 1:  # ambiguous: all we know is that it is application code
        return Frame(path, line, function, Provenance(match=Match.UNVERIFIED))
    return Frame(path, line, function, known.source(files[0]).line(line))


def name_below_packages(path: str) -> str | None:
    """The name of an installed file below `site-packages`; None for any other."""
    installed = _INSTALLED.match(path)
    return path[installed.end() :] if installed else None


def _files(path: str, known: Known[_File]) -> list[_File]:
    """The *known* files that *path* may be; of an installed package, by its full name."""
    if name := name_below_packages(path):
        return [file for file in known.with_tail(path) if file.import_path == name]
    files = known.with_tail(path)
    return [file for file in files if not is_standard(path, _name_in(path, file))]


def _name_in(path: str, file: File) -> str:
    """The name of *file* that *path* ends in; the longer one if both do."""
    names = (name for name in (file.path, file.import_path) if path.endswith(name))
    return max(names, key=len, default=path)
