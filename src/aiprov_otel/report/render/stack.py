"""The lines of a stack trace, each with what a reader is shown beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiprov_otel.errors import ManifestError
from aiprov_otel.stacktrace.frames import Line, annotate, fold_foreign

if TYPE_CHECKING:
    from aiprov_otel.manifest import Manifest
    from aiprov_otel.values import Provenance


_OURS: Final = "/aiprov_otel/runtime/"
"""Part of the path of our frames between a caller and a function that it called."""


@dataclass(frozen=True, slots=True)
class StackLine:
    """
    A line of a stack trace.

    Attributes:
        text: as it was printed.
        provenance: who wrote the code; on the first line of an application's frame only.
        number: of the line of code, likewise.
        foreign: whether it belongs to a frame outside the application.
    """

    text: str
    provenance: Provenance | None
    number: int | None
    foreign: bool


def stack_lines(text: str, manifest: Manifest | None) -> Iterator[StackLine]:
    """
    Yields the lines of *text* without our own frames; if any is known, the others are folded.

    Where a document of *manifest* is damaged, no frame is known.
    """
    try:
        annotated = annotate(text, manifest)
    except ManifestError:
        annotated = annotate(text, None)
    lines = tuple(line for line in annotated if not _is_ours(line))
    if any(line.frame and line.frame.provenance for line in lines):
        lines = tuple(fold_foreign(lines))
    previous = None
    for line in lines:
        provenance = line.frame.provenance if line.frame else None
        is_first = provenance is not None and line.frame is not previous
        yield StackLine(
            line.text,
            provenance if is_first else None,
            line.frame.line if line.frame and is_first else None,
            foreign=line.frame is not None and provenance is None,
        )
        previous = line.frame


def _is_ours(line: Line) -> bool:
    frame = line.frame
    return frame is not None and not frame.provenance and _OURS in frame.path.replace("\\", "/")
