"""What a log record says of the line that logged: looked up once a line."""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import Final

from aiprov_otel.attributes import Attributes
from aiprov_otel.runtime import declarations
from aiprov_otel.runtime.emission import Emission
from aiprov_otel.runtime.resolver import LIMIT, Resolver

_DEPTH: Final = 30
"""Frames in which a line that logs is looked for; it stands right above the logger's own."""


class Lines:
    """The attributes of log records, by the line that logs; none for a line of a library."""

    def __init__(self, resolver: Resolver, emission: Emission) -> None:
        self._resolver = resolver
        self._emission = emission
        self._places: dict[tuple[str, int], Attributes] = {}
        self._sites: dict[tuple[int, int], tuple[CodeType, Attributes]] = {}

    def at(self, path: str, line: int) -> Attributes:
        """What a record says that *line* of the file *path*, which is running, logs."""
        if (known := self._places.get((path, line))) is None:
            code = _running(path, line) if declarations.stated else None
            known = self._said(path, line, code)
            if len(self._places) >= LIMIT:
                self._places.clear()
            self._places[path, line] = known
        return known

    def of(self, frame: FrameType) -> Attributes:
        """What a record says that *frame* emits."""
        code, site = frame.f_code, (id(frame.f_code), frame.f_lasti)
        if (known := self._sites.get(site)) is None:
            line = frame.f_lineno or code.co_firstlineno
            known = (code, self._said(code.co_filename, line, code))
            if len(self._sites) >= LIMIT:
                self._sites.clear()
            self._sites[site] = known
        return known[1]

    def _said(self, path: str, line: int, code: CodeType | None) -> Attributes:
        if code and (stated := declarations.declared(code)):
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
