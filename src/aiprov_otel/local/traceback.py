"""A stack trace that was printed, each frame with who wrote its line; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from aiprov_otel.values import Match, Provenance

if TYPE_CHECKING:
    from aiprov_otel.manifest import Entry, Manifest

# A group's frames stand behind a margin of `|`. A SyntaxError's file is no frame: it names no "in".
_FRAME: Final = re.compile(
    r'^(?P<margin>[ |]*)File "(?P<path>.+)", line (?P<line>\d+), in (?P<name>.+)$'
)
_INSTALLED: Final = re.compile(r"^.*/(?:site|dist)-packages/")
_STANDARD: Final = re.compile(r"/lib/python3\.\d+/|^<frozen ")


@dataclass(frozen=True, slots=True)
class Frame:
    """
    One frame of a stack trace.

    Attributes:
        path: of the file, as it was printed.
        line: that was executing.
        function: its name.
        provenance: of that line; None where the manifest does not know the file.
    """

    path: str
    line: int
    function: str
    provenance: Provenance | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the text, and the frame that it belongs to; None for a header or a message."""

    text: str
    frame: Frame | None


def annotate(text: str, manifest: Manifest | None) -> tuple[Line, ...]:
    """
    Every line of *text*, those of application code with who wrote them.

    Chained stack traces and exception groups keep their shape: no line is left out, added or moved.
    """
    return tuple(_lines(text.splitlines(), manifest))


def folded(lines: Iterable[Line]) -> Iterator[Line]:
    """*lines* with each run of frames outside the application as one line that counts them."""
    for foreign, run in groupby(lines, lambda line: bool(line.frame and not line.frame.provenance)):
        block = list(run)
        frames = len(dict.fromkeys(id(line.frame) for line in block))
        if not foreign or frames == 1:
            yield from block
        else:
            margin = block[0].text[: -len(block[0].text.lstrip(" |"))]
            yield Line(f"{margin}… {frames} frames outside the application", block[0].frame)


def _lines(lines: Iterable[str], manifest: Manifest | None) -> Iterator[Line]:
    frame, margin = None, ""
    for text in lines:
        if found := _FRAME.match(text):
            margin = found["margin"]
            frame = _frame(found["path"], int(found["line"]), found["name"], manifest)
        elif not text.startswith(margin + "  "):  # source and carets stand deeper than their frame
            frame = frame if _repeats(text) else None
        yield Line(text, frame)


def _repeats(text: str) -> bool:
    return text.lstrip(" |").startswith("[Previous line repeated ")


def _frame(path: str, line: int, function: str, manifest: Manifest | None) -> Frame:
    entries = _entries(path.replace("\\", "/"), manifest) if manifest else []
    if manifest is None or not entries:
        return Frame(path, line, function, None)
    if len(entries) > 1:  # either may be meant: that it is application code is all we know
        return Frame(path, line, function, Provenance(match=Match.UNVERIFIED))
    return Frame(path, line, function, manifest.source(entries[0]).line(line))


def _entries(path: str, manifest: Manifest) -> list[Entry]:
    """The files of *manifest* that *path* may be; of an installed package, by its full name."""
    if installed := _INSTALLED.match(path):
        name = path[installed.end() :]
        return [entry for entry in manifest.with_tail(path) if entry.import_path == name]
    return [] if _STANDARD.search(path) else manifest.with_tail(path)
