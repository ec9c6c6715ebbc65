"""The source of a loaded file, from disk or from a zip, and the lines of its definitions."""

from __future__ import annotations

import os
import re
import sys
import time
import zipimport
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

from aiprov_otel.manifest import content_hash, tails
from aiprov_otel.runtime import libraries
from aiprov_otel.runtime.guard import call_guard
from aiprov_otel.runtime.interrupts import is_foreign
from aiprov_otel.runtime.post_import import register_post_import_hook

STARTED = time.time()
"""A file that is younger on disk may not be what this process runs."""

BOOTSTRAPS: Final = {
    str(Path(__file__).with_name("call_spans.py")),  # our span states itself what it stands for
}
"""Below a frame of these, the stack belongs to the code that started the loop or the pool."""


def _know(name: str, module: Any) -> None:
    """Add the file of the function *name* of *module*."""
    with call_guard:
        BOOTSTRAPS.add(attrgetter(name)(module).__code__.co_filename)


# A service without asyncio would pay more for its import than for ours.
register_post_import_hook(partial(_know, "ThreadPoolExecutor.submit"), "concurrent.futures.thread")
register_post_import_hook(partial(_know, "Handle._run"), "asyncio.events")
register_post_import_hook(partial(_know, "run"), "asyncio.runners")

_names_of: Final[Any] = vars(ModuleType)["__dict__"].__get__
_DEFINITION = re.compile(rb"^[ \t\f]*(?:async\s+def|def|class)\b", re.MULTILINE)


class Layout(NamedTuple):
    """The lines where decorators, and the definitions below them, begin; sorted."""

    decorators: tuple[int, ...] = ()
    definitions: tuple[int, ...] = ()

    @classmethod
    def of(cls, source: bytes) -> Layout:
        """Read the layout of *source*."""
        if b"\r" in source:
            source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        decorators = list(_decorators(source))
        found = (_DEFINITION.search(source, place) for place in decorators)
        definitions = sorted({each.start() for each in found if each})
        return cls(tuple(_lines(source, decorators)), tuple(_lines(source, definitions)))

    def definition(self, first: int) -> int:
        """The line of the `def` whose decorators, if any, begin at line *first*."""
        if first not in self.decorators:
            return first
        index = bisect_left(self.definitions, first)
        return self.definitions[index] if index < len(self.definitions) else first


class Text:
    """The text of a source file: its hash, as the manifest has it, and its layout."""

    def __init__(self, source: bytes) -> None:
        self._source = source

    @classmethod
    def known(cls, content: str, layout: Layout) -> Text:
        """A text whose hash and layout are known already."""
        made = cls(b"")
        made.hash, made.layout = content, layout
        return made

    @cached_property
    def hash(self) -> str:
        """The hash, as `content_hash` returns it."""
        return content_hash(self._source)

    @cached_property
    def layout(self) -> Layout:
        """Where its decorators and definitions are."""
        return Layout.of(self._source)


def _decorators(source: bytes) -> Iterator[int]:
    """Where in *source* a line begins with `@`."""
    place = source.find(b"@")
    while place >= 0:
        if not source[source.rfind(b"\n", 0, place) + 1 : place].strip():
            yield place
        place = source.find(b"@", place + 1)


def _lines(source: bytes, places: Iterable[int]) -> Iterator[int]:
    """The numbers of the lines at *places*, which are sorted."""
    number, counted = 1, 0
    for place in places:
        number, counted = number + source.count(b"\n", counted, place), place
        yield number


def loaded_files() -> list[str]:
    """The files of the modules that are loaded, as these name them."""
    modules = list[object](sys.modules.values())
    # By the type: sys.modules may hold anything, also what only claims to be a module. And
    # through the descriptor: to ask a lazy module would load it.
    spaces = [_names_of(each) for each in modules if issubclass(type(each), ModuleType)]
    return [name for each in spaces if type(name := each.get("__file__")) is str]


def names(filename: str) -> Iterator[str]:
    """
    The names that a manifest may know *filename* by, longest first.

    An installed file has one name, below `site-packages`. A bare name (`utils.py`) is common, so
    it counts only where the file can be imported by it.
    """
    if name := libraries.installed_name(filename):
        return iter((name,))
    top = os.path.dirname(filename)
    return (name for name in tails(filename) if "/" in name or not top or top in sys.path)


def read(filename: str) -> bytes | None:
    """The source of *filename*, on disk or inside a zip; None where it can't be read."""
    try:
        return Path(filename).read_bytes()
    except (OSError, ValueError) as error:
        _raise_foreign(error)
        return _read_zipped(filename)


def read_text(filename: str) -> Text | None:
    """The text of *filename*, or None where it can't be read."""
    source = read(filename)
    return None if source is None else Text(source)


def stamp(filename: str) -> tuple[int, int] | None:
    """What changes when *filename* is written again; None where it can't be read."""
    try:
        status = os.stat(filename)
    except (OSError, ValueError) as error:
        _raise_foreign(error)
        return None
    return status.st_mtime_ns, status.st_size


def is_younger(filename: str) -> bool:
    """Whether *filename* was written after this process began."""
    try:
        return os.stat(filename).st_mtime > STARTED
    except (OSError, ValueError) as error:
        _raise_foreign(error)
        return False


def _read_zipped(filename: str) -> bytes | None:
    try:
        archive = next((str(path) for path in Path(filename).parents if path.is_file()), None)
        return zipimport.zipimporter(archive).get_data(filename) if archive else None
    except (OSError, ValueError, zipimport.ZipImportError) as error:
        _raise_foreign(error)
        return None


def _raise_foreign(error: Exception) -> None:
    """Raise *error* if a signal handler of the application raised it: a timeout is an OSError."""
    if is_foreign(error):
        raise error
