"""The application's line that failed a test: the innermost one of the exception's traceback."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from aiprov_otel.attributes import Attributes, of_code, of_exception
from aiprov_otel.format import short_hash
from aiprov_otel.history.traceback_lookup import open_lookup
from aiprov_otel.stacktrace.frames import Frame, Known, annotate
from aiprov_otel.values import Provenance


@dataclass(frozen=True, slots=True)
class FailedLine:
    """A *frame* of the application, its *provenance*, and the *kind* of exception it raised."""

    kind: str
    frame: Frame
    provenance: Provenance

    def __str__(self) -> str:
        """`KeyError at shop/cart.py:12 ◀ ai claude-code claude-opus-4-6 4818b48`."""
        line = self.provenance
        named = (line.origin, line.agent, line.model, line.commit and short_hash(line.commit))
        place = f"{line.path or self.frame.path}:{self.frame.line}"
        return f"{self.kind} at {place} ◀ {' '.join(filter(None, named))}"

    def attributes(self) -> Attributes:
        """The line under the keys that a span has for an exception."""
        path = self.provenance.path or self.frame.path
        return of_exception(self.provenance) | of_code(self.frame.function, path, self.frame.line)


class FailedLines:
    """Finds the failed lines of one session; git, or the *manifest*, is opened for the first."""

    def __init__(self, root: Path, manifest: Path | None) -> None:
        self._root = root
        self._manifest = manifest
        self._known: Known[Any] | None = None

    def find(self, kind: type[BaseException], trace: TracebackType | None) -> FailedLine | None:
        """
        The line that raised an exception of this *kind*; None if only the test's lines are in it.

        Raises:
            AiprovError: neither git nor a manifest has an answer.
        """
        if self._known is None:
            self._known, _ = open_lookup(self._root, self._manifest)
        lines = annotate("".join(traceback.format_tb(trace)), self._known)
        frames = [line.frame for line in lines if line.frame and line.frame.provenance]
        if not frames:
            return None
        assert frames[-1].provenance  # it was selected by it
        return FailedLine(kind.__qualname__, frames[-1], frames[-1].provenance)
