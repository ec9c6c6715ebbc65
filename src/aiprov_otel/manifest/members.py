"""
Reads the members of an archive by their place in the file.

Not by zipfile: its import takes a twelfth of `install()`, and nothing of it but the directory of
an archive is needed. Source of the formats: APPNOTE.TXT of PKWARE, sections 4.3.7, 4.3.12, 4.3.16.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Final, NamedTuple

_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_ENTRY: Final = struct.Struct("<4s4x2H4xL4xL3H8xL")
_END: Final = struct.Struct("<4s8x2LH")
_END_SIGNATURE: Final = b"PK\5\6"
_LONGEST_COMMENT: Final = 2**16 - 1
_UTF_8: Final = 1 << 11


class _File(FileIO):
    """A file that is closed when nothing refers to it any more, without a warning."""

    def __del__(self) -> None:
        self.close()


class _Entry(NamedTuple):
    """An entry of the directory: how and where a member is stored."""

    is_stored: bool
    crc: int
    size: int
    offset: int


class Members:
    """
    The members of the archive at *path*, all stored: a compressed one may have any size.

    Nothing is read through an offset or a lock, which threads and forked children would share, and
    a file that a deployment removed or replaced meanwhile keeps its content here.

    Raises:
        OSError: the file can't be opened.
        ValueError: it is not an archive.
    """

    def __init__(self, path: Path) -> None:
        self._file = _File(path)
        self._length = os.fstat(self._file.fileno()).st_size
        self._places: dict[str, tuple[int, int]] = {}
        self._entries = dict(self._directory())

    def read(self, name: str) -> bytes:
        """
        The bytes of the member *name*.

        Raises:
            ValueError: it is compressed or damaged, or the file was cut off or overwritten.
            KeyError: there is none.
        """
        start, size = self._place(name)
        data = self._read(start, size)
        if zlib.crc32(data) != self._entries[name].crc:
            msg = f"{name} was damaged"
            raise ValueError(msg)
        return data

    def part(self, name: str, start: int, size: int, digest: str) -> bytes:
        """
        The *size* bytes from *start* of the member *name*, which have this *digest*.

        Raises:
            ValueError: they do not, or the member can't be read.
            KeyError: there is none.
        """
        first, whole = self._place(name)
        if start + size > whole:
            raise ValueError("it is beyond the end")
        data = self._read(first + start, size)
        if hashlib.sha256(data).hexdigest() != digest:
            raise ValueError("it was changed since the build")
        return data

    def size(self, name: str) -> int:
        """How many bytes the member *name* has; raises KeyError if there is none."""
        return self._place(name)[1]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _directory(self) -> Iterator[tuple[str, _Entry]]:
        """The name and the entry of each member."""
        length = min(self._length, _END.size + _LONGEST_COMMENT)
        tail = self._read(self._length - length, length)
        # With a comment, which zips of ours don't have, it is further from the end.
        place = len(tail) - _END.size
        if place < 0 or not tail.startswith(_END_SIGNATURE, place) or tail[-2:] != b"\0\0":
            place = tail.rfind(_END_SIGNATURE)
        if place < 0 or len(tail) - place < _END.size:
            raise ValueError("it is not a zip file")
        _, size, start, _ = _END.unpack_from(tail, place)
        directory, place = self._read(start, size), 0
        # Not by the number of entries, which ends at 65,535.
        while place < size:
            if size - place < _ENTRY.size:
                raise ValueError("its directory was damaged")
            signature, flags, method, crc, whole, *lengths, offset = _ENTRY.unpack_from(
                directory, place
            )
            if signature != b"PK\1\2":
                raise ValueError("its directory was damaged")
            place += _ENTRY.size
            name = directory[place : place + lengths[0]]
            yield (
                name.decode("utf-8" if flags & _UTF_8 else "cp437"),
                _Entry(method == 0, crc, whole, offset),
            )
            place += sum(lengths)

    def _place(self, name: str) -> tuple[int, int]:
        """Where the member *name* begins in the file, and its size."""
        if name not in self._places:
            if (entry := self._entries.get(name)) is None:
                msg = f"it has no {name}"
                raise KeyError(msg)
            if not entry.is_stored:
                msg = f"{name} is compressed"
                raise ValueError(msg)
            header = self._read(entry.offset, _LOCAL_HEADER.size)
            signature, name_size, extra_size = _LOCAL_HEADER.unpack(header)
            if signature != b"PK\3\4":
                raise ValueError("it was overwritten in place")
            start = entry.offset + _LOCAL_HEADER.size + name_size + extra_size
            self._places[name] = start, entry.size
        return self._places[name]

    def _read(self, start: int, size: int) -> bytes:
        # A size that is made up may be more than there is memory for.
        data = os.pread(self._file.fileno(), size, start) if start + size <= self._length else b""
        if len(data) != size:
            raise ValueError("it was cut off")
        return data
