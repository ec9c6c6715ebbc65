"""
Instrumented bytecode in files, beside Python's own and under a name of ours.

The name encodes Python's version, how modules are rewritten, and the mode. A file holds the module
as it was rewritten, and the hash and the layout of its text; and no provenance.

What runs is what Python would run. A file of ours is good for the bytes of one source, whatever its
time and its size, and for the bytecode file, if any, that Python would run in its place: one that
was made of another text, as an unchecked one may be, is run and not rewritten. A file of ours is
read only if it is our own, and unmarshaled only if its checksum is right.

Kept code has the key of its module and the number of its function where the templates have
placeholders; a function finds its counters by these two constants.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import stat
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.abc import SourceLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from itertools import count
from pathlib import Path
from types import CodeType
from typing import Any, Final, NamedTuple

from aiprov_otel.runtime.import_hook.counters import LAMBDA
from aiprov_otel.runtime.import_hook.exception_table import without_offsets
from aiprov_otel.runtime.import_hook.templates import KEY, LAMBDA_NUMBER, NUMBER, ROW
from aiprov_otel.runtime.source_text import Layout, Text

try:
    import _imp
except ImportError:  # not CPython's import system
    _imp = None  # type: ignore[assignment]

_HASH_BASED, _CHECKED = 1, 2
"""Flags of a bytecode file, as PEP 552 has them."""
_HEADER: Final = 16
_CHECKSUM: Final = hashlib.sha256().digest_size


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
    code = code.replace(co_consts=tuple(rewritten), co_name=name, co_qualname=qualname)
    return without_offsets(code) if ROW in code.co_varnames else code


class Rewritten(NamedTuple):
    """
    A module that was rewritten.

    Attributes:
        code: as it runs.
        key: what its functions find their counters by.
        text: what it was made of.
        left_alone: functions and classes that were not rewritten, and what reads their code.
    """

    code: CodeType
    key: str
    text: Text
    left_alone: tuple[str, ...] = ()


class Cache:
    """
    The file for the source *path*, whose bytes are *source*, in *mode*.

    *bytecode* is the bytecode file that Python would run, as `python_bytecode` gives it.
    """

    def __init__(self, path: str, mode: str, source: bytes, bytecode: bytes) -> None:
        self._path = path
        self._place = cache_from_source(path, optimization=_tag(mode))
        self._header = MAGIC_NUMBER + source_hash(source) + source_hash(bytecode)

    def load(self) -> Rewritten | None:
        """Returns what was stored; None if there is nothing, or nothing that may be run."""
        with suppress(OSError, ValueError, EOFError, TypeError):
            data = memoryview(_read_own(self._place, self._path))
            checksum, content = data[:_CHECKSUM], data[_CHECKSUM:]
            if content[: len(self._header)] != self._header or checksum != _checksum(content):
                return None
            code, key, left_alone, digest, *lines = marshal.loads(content[len(self._header) :])  # noqa: S302 (as Python does)
            if code.co_filename == self._path:  # it may have been moved, with its cache
                return Rewritten(code, key, Text.known(digest, Layout(*lines)), left_alone)
        return None

    def store(self, rewritten: Rewritten) -> None:
        """Keep *rewritten* for the next start, where bytecode may be written."""
        if sys.dont_write_bytecode:
            return
        code, key, text, left_alone = rewritten
        entry = (code, key, left_alone, text.hash, text.layout.decorators, text.layout.definitions)
        content = self._header + marshal.dumps(entry)
        with suppress(OSError):
            _write(self._place, _checksum(content) + content, _mode_of(self._path))


def python_bytecode(loader: SourceLoader, path: str, source: bytes, size: int = -1) -> bytes:
    """
    Returns the bytecode file that Python would run instead of *source*; empty if there is none.

    The rule is that of `SourceLoader.get_code`, with `--check-hash-based-pycs`. No more than *size*
    bytes of the file are read, but for -1.
    """
    try:
        stats = loader.path_stats(path)
        with open(cache_from_source(path), "rb") as file:
            data = file.read(size)
    except (OSError, NotImplementedError):
        return b""
    if len(data) < _HEADER or data[:4] != MAGIC_NUMBER:
        return b""
    (flags,) = struct.unpack("<I", data[4:8])
    if flags & ~(_HASH_BASED | _CHECKED):
        return b""
    if flags & _HASH_BASED:
        good = not _is_checked(flags) or data[8:_HEADER] == source_hash(source)
    else:
        numbers = (int(stats[name]) & 0xFFFF_FFFF for name in ("mtime", "size"))
        good = data[8:_HEADER] == struct.pack("<II", *numbers)
    return data if good else b""


def _is_checked(flags: int) -> bool:
    policy = getattr(_imp, "check_hash_based_pycs", "default")
    return bool(policy != "never" and (flags & _CHECKED or policy == "always"))


def runs_other_source(loader: SourceLoader, path: str, source: bytes) -> bool:
    """Whether Python runs a bytecode file that has the hash of a text other than *source*."""
    data = python_bytecode(loader, path, source, _HEADER)
    hash_based = bool(data) and data[4] & _HASH_BASED
    return bool(hash_based and data[8:_HEADER] != source_hash(source))


def is_made_of(bytecode: bytes, source: bytes, path: str) -> bool:
    """Whether the code in the file *bytecode* is what *source* compiles to."""
    code: CodeType = marshal.loads(memoryview(bytecode)[_HEADER:])  # noqa: S302 (Python runs it)
    return is_same(code, compile(source, path, "exec", dont_inherit=True))


def is_same(one: CodeType, other: CodeType) -> bool:
    """Whether both do the same on the same lines; columns and file names don't matter."""
    return _comparable(one) == _comparable(other)


def _comparable(constant: object) -> object:
    """Returns a key that identifies *constant* of code: `1`, `True` and `1.0` are three."""
    if isinstance(constant, tuple):
        return tuple(map(_comparable, constant))
    if isinstance(constant, frozenset):
        return frozenset(map(_comparable, constant))
    if not isinstance(constant, CodeType):
        return type(constant), repr(constant)
    code = constant
    return (
        (code.co_qualname, code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        (code.co_flags, code.co_code, code.co_exceptiontable, tuple(code.co_lines())),
        (code.co_names, code.co_varnames, code.co_cellvars, code.co_freevars),
        _comparable(code.co_consts),
    )


def _read_own(place: str, path: str) -> bytes:
    """
    Returns what the file *place* holds.

    Raises:
        PermissionError: it is somebody else's, or others may write it, but not the source *path*.
    """
    with open(place, "rb") as file:
        stats = os.fstat(file.fileno())
        if hasattr(os, "geteuid") and (
            stats.st_uid != os.geteuid() or stats.st_mode & _OTHERS & ~os.stat(path).st_mode
        ):
            raise PermissionError(place)
        return file.read()


_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


def _mode_of(path: str) -> int:
    """Returns the mode that Python gives to the bytecode of the source *path*."""
    return (os.stat(path).st_mode | stat.S_IWUSR) & 0o666


def _write(place: str, data: bytes, mode: int) -> None:
    folder = os.path.dirname(place)
    os.makedirs(folder, exist_ok=True)
    part = f"{place}.{os.getpid()}.{id(data)}"
    try:
        with open(os.open(part, os.O_EXCL | os.O_CREAT | os.O_WRONLY, mode), "wb") as file:
            file.write(data)
        os.replace(part, place)
    except OSError:
        with suppress(OSError):
            os.unlink(part)
        raise


def _checksum(content: bytes | memoryview) -> bytes:
    return hashlib.sha256(content).digest()


def _tag(mode: str) -> str:
    return f"{sys.flags.optimize or ''}aiprov{_fingerprint()}{mode}"


@cache
def _fingerprint() -> str:
    """Identifies this version of the rewriter: metadata would cost a hundred times as much."""
    with suppress(OSError):
        folder = Path(__file__).parent
        if texts := [path.read_bytes() for path in sorted(folder.glob("*.py"))]:
            return source_hash(b"".join(texts)).hex()
    from importlib.metadata import version  # installed in a zip, or without its source

    return "".join(filter(str.isalnum, version("aiprov-otel")))
