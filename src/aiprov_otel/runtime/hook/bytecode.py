"""
Instrumented bytecode in files, beside Python's own and under a name of ours.

The name tells Python's version, ours and the mode; the file begins as one of PEP 552 whose source
is to be checked by its hash. What it holds is the module as it was rewritten, with no provenance.
"""

from __future__ import annotations

import marshal
import sys
from contextlib import suppress
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.metadata import version
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from types import CodeType
from typing import Final

_CHECKED_BY_HASH: Final = (0b11).to_bytes(4, "little")


def stored(loader: SourceFileLoader, path: str, source: bytes, mode: str) -> CodeType | None:
    """What was kept of *source*, the text of *path*, for *mode*; None if there is no such thing."""
    with suppress(OSError, ValueError, EOFError, TypeError, NotImplementedError):
        data = loader.get_data(_place(path, mode))
        header = _header(source)
        code = marshal.loads(data[len(header) :]) if data.startswith(header) else None  # noqa: S302 (as Python does)
        return code if isinstance(code, CodeType) else None
    return None


def store(loader: SourceFileLoader, path: str, source: bytes, mode: str, code: CodeType) -> None:
    """Keep *code* for the next start, where bytecode may be written."""
    with suppress(OSError, NotImplementedError):
        if not sys.dont_write_bytecode:
            loader.set_data(_place(path, mode), _header(source) + marshal.dumps(code))


def _place(path: str, mode: str) -> str:
    return cache_from_source(path, optimization=f"{sys.flags.optimize or ''}aiprov{_ours()}{mode}")


@cache
def _ours() -> str:
    return "".join(letter for letter in version("aiprov-otel") if letter.isalnum())


def _header(source: bytes) -> bytes:
    return MAGIC_NUMBER + _CHECKED_BY_HASH + source_hash(source)
