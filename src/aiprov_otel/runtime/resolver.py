"""
From running code to provenance.

Hot paths ask by `co_filename`, then by `(id(code), lasti)` with the code kept alive: hashing a
code object walks its bytecode, and two equal functions of two files are equal as keys.

Provenance that was declared by hand is kept here too, by code object, for the whole process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from types import CodeType
from typing import Final, NamedTuple

from aiprov_otel import settings
from aiprov_otel.errors import ManifestError
from aiprov_otel.manifest import Entry, Manifest, SourceFile, decide, unit_lines
from aiprov_otel.runtime import libraries, source_text
from aiprov_otel.runtime.guard import warn
from aiprov_otel.values import CANCELLATIONS, MISSING, Match, Provenance

LIMIT = 50_000
"""Entries of a cache before it starts afresh: code made at run time must not fill memory."""


class LoadedFile(NamedTuple):
    """A file of the application as this process runs it; *source* is None where unknown."""

    source: SourceFile | None
    match: Match
    layout: source_text.Layout
    path: str

    def line(self, number: int) -> Provenance:
        """The provenance of line *number*."""
        if self.source is None:
            return Provenance(path=self.path, match=self.match)
        found = self.source.line(number)
        return found if found.match is self.match else replace(found, match=self.match)

    def unit(self, code: CodeType) -> Provenance:
        """The provenance of the function that *code* is."""
        return self.lines(self.unit_lines(code))

    def unit_lines(self, code: CodeType) -> set[int]:
        """The lines that decide about *code*."""
        return unit_lines(code, self.layout.decorators)

    def lines(self, numbers: Iterable[int]) -> Provenance:
        """The provenance of these lines as one unit."""
        unit = decide([self.line(number) for number in sorted(numbers)])
        return replace(unit, path=self.path, match=self.match)


class Resolver:
    """
    Finds the provenance of files, lines and units in *manifests*; safe in threads and forks.

    Attributes:
        expected_errors: the names of classes that are expected: cancellations, and by policies.
        libraries: the files seen so far that hold no application code, for walks of the stack.
    """

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        self.manifests = manifests
        self.expected_errors = frozenset((*CANCELLATIONS, *_expected_errors(manifests)))
        self._files: dict[str, LoadedFile | None] = {}
        self.libraries: set[str] = set()
        self._stamps: dict[str, tuple[int, int] | None] = {}  # of the files when they were loaded
        self._units: dict[int, tuple[CodeType, Provenance]] = {}
        self._loaded: dict[str, tuple[CodeType, LoadedFile]] = {}
        self._replaced: dict[int, tuple[CodeType, LoadedFile]] = {}

    def file(self, filename: str) -> LoadedFile | None:
        """The application's file that was loaded as *filename*; None if it is not in a manifest."""
        # Not by `except KeyError`: a signal handler may raise one here, and it is not ours to keep.
        if filename in (files := self._files):
            return files[filename]
        return self._remember(filename, loaded_now=False)

    def loaded(self, filename: str) -> None:
        """
        Register *filename*: this process is about to run it as it is on disk now.

        A file that changed since it was registered is unknown from then on: each function of it
        may be of the old text or of the new one.
        """
        if self.is_foreign(filename):
            return
        stamp = source_text.stamp(filename)
        if filename not in self._files:
            self._stamps[filename] = stamp
            self._remember(filename, loaded_now=True)
        elif self._stamps.setdefault(filename, stamp) != stamp:
            self._remember(filename, loaded_now=False)

    def register(self, module: CodeType, text: source_text.Text | None) -> None:
        """
        Register *text* as the source of *module*, which is being loaded, and of the code in it.

        Nothing is read from disk about them later. A module that is reloaded from another text
        does not change the provenance of the code that was loaded before.
        """
        filename = module.co_filename
        before = self._loaded.pop(filename, None)
        file = self._remember(filename, loaded_now=True, text=text)
        if file is not None:
            self._loaded[filename] = (module, file)
        if before is not None and before[1] != file:
            self._replace(*before)

    def _replace(self, module: CodeType, file: LoadedFile) -> None:
        """Keep the file of the code in *module*, which was reloaded from another text."""
        if len(self._replaced) >= LIMIT:
            self._replaced.clear()
        for code in codes(module):
            self._replaced[id(code)] = (code, file)

    def line(self, code: CodeType, number: int) -> Provenance:
        """The provenance of line *number* of *code*."""
        if stated := declared(code):
            return stated
        return file.line(number) if (file := self._file_of(code)) else MISSING

    def unit(self, code: CodeType) -> Provenance:
        """The provenance of the function that *code* is; `missing` if it is not ours."""
        if stated := declared(code):
            return stated
        if (known := self._units.get(id(code))) is not None:
            return known[1]
        file = self._file_of(code)
        found = file.unit(code) if file else MISSING
        if len(self._units) >= LIMIT:
            self._units.clear()
        self._units[id(code)] = (code, found)
        return found

    def definition(self, code: CodeType) -> int:
        """The line of the `def` of *code*, below its decorators."""
        file = self._file_of(code)
        return file.layout.definition(code.co_firstlineno) if file else code.co_firstlineno

    def is_ours(self, code: CodeType) -> bool:
        """Whether *code* is in a manifest, or declared by hand."""
        return self.file(code.co_filename) is not None or declared(code) is not None

    def is_foreign(self, filename: str) -> bool:
        """Whether *filename* alone shows that the file is not the application's."""
        return libraries.is_stdlib(filename) or (
            libraries.is_library(filename) and not self._named(filename)
        )

    def read_pending(self) -> bool:
        """Read files that wait to be read; whether there was one. Here, none ever waits."""
        return False

    def restart(self) -> None:
        """Go on in a forked child, which has no thread of ours. Here, there is none."""

    def _file_of(self, code: CodeType) -> LoadedFile | None:
        """The application's file that *code* was made of."""
        known = self._replaced.get(id(code))
        return known[1] if known else self.file(code.co_filename)

    def _remember(
        self, filename: str, *, loaded_now: bool, text: source_text.Text | None = None
    ) -> LoadedFile | None:
        try:
            file = self._resolve(filename, text, loaded_now=loaded_now)
        except ManifestError as error:
            if settings.read().strict:
                raise
            warn("manifest-unreadable", f"{error}; {filename} is unknown", about=filename)
            file = None
        if len(self._files) >= LIMIT:
            self._files = {name: known for name, (_, known) in self._loaded.items()}
            self.libraries.clear()
            self._stamps.clear()
        self._files[filename] = file
        if file is None and filename not in source_text.BOOTSTRAPS:
            self.libraries.add(filename)
        return file

    def _named(self, filename: str) -> list[tuple[Manifest, Entry]]:
        """The files that *filename* may be a deployed copy of, by the longest name in common."""
        found = (
            [(m, entry) for m in self.manifests for entry in m.named(name)]
            for name in source_text.names(filename)
        )
        return next(filter(None, found), [])

    def _resolve(
        self, filename: str, text: source_text.Text | None, *, loaded_now: bool
    ) -> LoadedFile | None:
        if self.is_foreign(filename):
            return None  # a library's file is read only if a manifest knows its path
        named = self._named(filename)
        text = text or source_text.read_text(filename)
        if text is None:
            return _answer(named, named, Match.UNVERIFIED, source_text.Layout())
        same = [(m, entry) for m in self.manifests for entry in m.with_hash(text.hash)]
        if not same or not (loaded_now or not source_text.is_younger(filename)):
            return _answer([], named or same, Match.STALE, text.layout)
        chosen = [each for each in same if each in named] or same
        return _answer(chosen, same, Match.EXACT, text.layout)


def codes(code: CodeType) -> Iterator[CodeType]:
    """*code*, then the code that is defined in it, in the order of its constants."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def _expected_errors(manifests: Sequence[Manifest]) -> Iterator[str]:
    for manifest in manifests:
        names = manifest.policy.get("expected_errors", [])
        if isinstance(names, list):
            yield from (name for name in names if isinstance(name, str))


def _answer(
    chosen: list[tuple[Manifest, Entry]],
    known: list[tuple[Manifest, Entry]],
    match: Match,
    layout: source_text.Layout,
) -> LoadedFile | None:
    """The first of the *chosen* files, if its history is not ambiguous; None if none is *known*."""
    if not known:
        return None
    sources = [manifest.source(entry) for manifest, entry in chosen]
    alike = bool(sources) and not any(_differ(sources[0], each) for each in sources[1:])
    path = (chosen or known)[0][1].path
    return LoadedFile(sources[0] if alike else None, match, layout, path)


def _differ(one: SourceFile, other: SourceFile) -> bool:
    return _history(one) != _history(other)


def _history(source: SourceFile) -> list[tuple[int, int, Provenance]]:
    return [(r.first, r.count, replace(r.provenance, path=None)) for r in source.runs]


stated: Final[dict[int, tuple[CodeType, Provenance]]] = {}
"""What was stated, by the id of the code, which this keeps alive; public for hot paths."""


def declare(code: CodeType, provenance: Provenance) -> None:
    """State the provenance of *code*."""
    stated[id(code)] = (code, provenance)


def declared(code: CodeType) -> Provenance | None:
    """What was stated about *code*."""
    return statement[1] if (statement := stated.get(id(code))) else None
