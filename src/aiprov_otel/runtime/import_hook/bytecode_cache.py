"""
Instrumented bytecode in files, beside Python's own and under a name of ours.

The name tells Python's version, how modules are rewritten, and the mode. A file is good as long as
Python's own would be: while its source has the same time and the same size. It holds the module as
it was rewritten, and the hash and the layout of its text, which so need not be read; and no
provenance.

Kept code has the key of its module and the number of its function where the templates have
placeholders; a function finds its counters by these two constants.
"""

from __future__ import annotations

import marshal
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from itertools import count
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

from aiprov_otel.runtime.import_hook.counters import LAMBDA
from aiprov_otel.runtime.import_hook.templates import KEY, LAMBDA_NUMBER, NUMBER
from aiprov_otel.runtime.source_text import Layout, Text


def number_functions(code: CodeType, key: str) -> CodeType:
    """*code* of a module that is placeholders by *key*, with the numbers of its functions."""
    return _number(code, key, count(), "", "")


def _number(code: CodeType, key: str, numbers: Iterator[int], was: str, now: str) -> CodeType:
    """The same; its qualified name begins with *now* where it began with *was*."""
    placeholders = {KEY: key, NUMBER: (number := next(numbers)), LAMBDA_NUMBER: number}
    name, qualname, consts = code.co_name, now + code.co_qualname.removeprefix(was), code.co_consts
    if any(type(each) is str and each == LAMBDA_NUMBER for each in consts):
        was, consts = code.co_qualname, (*consts, code.co_qualname)
        name, qualname = LAMBDA, (now := qualname.removesuffix(name) + LAMBDA)
    rewritten: list[Any] = []
    for each in consts:
        if type(each) is CodeType:
            rewritten.append(_number(each, key, numbers, was, now))
        else:
            rewritten.append(placeholders.get(each, each) if type(each) is str else each)
    return code.replace(co_consts=tuple(rewritten), co_name=name, co_qualname=qualname)


class Rewritten(NamedTuple):
    """A module that was rewritten: its code, the key of its functions, and its text."""

    code: CodeType
    key: str
    text: Text


class Cache:
    """The file for the source *path* in *mode*; its time counts as it is now, before it is read."""

    def __init__(self, loader: SourceFileLoader, path: str, mode: str) -> None:
        self._loader = loader
        self._path = path
        self._place = cache_from_source(path, optimization=_tag(mode))
        known = loader.path_stats(path)
        self._header = MAGIC_NUMBER + struct.pack("<dQ", known["mtime"], known["size"])

    def load(self) -> Rewritten | None:
        """What was kept; None if there is nothing, or no longer anything good."""
        with suppress(OSError, ValueError, EOFError, TypeError):
            data = memoryview(self._loader.get_data(self._place))
            if data[: len(self._header)] == self._header:
                code, key, digest, *lines = marshal.loads(data[len(self._header) :])  # noqa: S302 (as Python does)
                if code.co_filename == self._path:  # it may have been moved, with its cache
                    return Rewritten(code, key, Text.known(digest, Layout(*lines)))
        return None

    def store(self, rewritten: Rewritten) -> None:
        """Keep *rewritten* for the next start, where bytecode may be written."""
        text = rewritten.text
        kept = (
            rewritten.code,
            rewritten.key,
            text.hash,
            text.layout.decorators,
            text.layout.definitions,
        )
        with suppress(OSError):
            if not sys.dont_write_bytecode:
                self._loader.set_data(self._place, self._header + marshal.dumps(kept))


def _tag(mode: str) -> str:
    return f"{sys.flags.optimize or ''}aiprov{_fingerprint()}{mode}"


@cache
def _fingerprint() -> str:
    """What tells this way of rewriting from others: metadata would cost a hundred times as much."""
    with suppress(OSError):
        folder = Path(__file__).parent
        if texts := [path.read_bytes() for path in sorted(folder.glob("*.py"))]:
            return source_hash(b"".join(texts)).hex()
    from importlib.metadata import version  # installed in a zip, or without its source

    return "".join(filter(str.isalnum, version("aiprov-otel")))
