"""The resolver of a running service: it reads files in a thread, not in the caller."""

from __future__ import annotations

import _thread
from collections.abc import Callable, Sequence
from types import CodeType

from aiprov_otel.manifest import Manifest
from aiprov_otel.runtime.guard import guard
from aiprov_otel.runtime.resolver import LoadedFile, Resolver
from aiprov_otel.runtime.source_text import Layout
from aiprov_otel.values import Match, Provenance


class BackgroundResolver(Resolver):
    """
    Reads a file that was not registered when it was loaded in a thread, and calls *on_read*.

    Until then the file is `unknown`, and nobody may keep that answer: *on_read* lets go
    of it. The thread ends when there is nothing to read, so no fork meets it for long.
    """

    def __init__(self, manifests: Sequence[Manifest], on_read: Callable[[], None]) -> None:
        super().__init__(manifests)
        self._on_read = on_read
        self._pending: dict[str, LoadedFile | None] = {}
        self._reading = False
        self._reads = 0

    def file(self, filename: str) -> LoadedFile | None:
        """The application's file that was loaded as *filename*; unknown until it was read."""
        # Not by `except KeyError`: a signal handler may raise one here, and it is not ours to keep.
        if filename in (files := self._files):
            return files[filename]
        if filename in (pending := self._pending.copy()):  # the other thread takes names out
            return pending[filename]
        return super().file(filename) if self.is_foreign(filename) else self._defer(filename)

    def unit(self, code: CodeType) -> Provenance:
        """The provenance of the function that *code* is; not kept while its file is unknown."""
        reads = self._reads
        provenance = super().unit(code)
        if code.co_filename in self._pending or self._reads != reads:
            self._units.pop(id(code), None)
        return provenance

    def read_pending(self) -> bool:
        """Read in this thread what the other has not read yet; whether there was anything."""
        names = list(self._pending)
        for name in names:
            self._read(name)
        return bool(names)

    def restart(self) -> None:
        """Go on in a forked child, which has no thread of ours."""
        self._reading = False
        if self._pending:
            self._start()

    def _defer(self, filename: str) -> LoadedFile | None:
        named = self._named(filename)
        file = LoadedFile(None, Match.MISSING, Layout(), named[0][1].path) if named else None
        self._pending[filename] = file
        self._start()
        return file

    def _start(self) -> None:
        if not self._reading:
            self._reading = True
            try:
                # Not a threading.Thread, whose start waits for the thread.
                _thread.start_new_thread(self._run, ())
            except RuntimeError:  # there can be none now: the next file tries again
                self._reading = False
            except BaseException:
                self._reading = False
                raise

    def _run(self) -> None:
        try:
            while self._pending:
                with guard:
                    self.read_pending()
        finally:
            self._reading = False
        if self._pending:  # since the loop ended
            self._start()

    def _read(self, filename: str) -> None:
        try:
            if filename not in self._files:
                self._remember(filename, loaded_now=False)
        finally:
            file = self._files.setdefault(filename, None)
            self._reads += 1
            self._pending.pop(filename, None)
            if file is not None:
                self._on_read()
