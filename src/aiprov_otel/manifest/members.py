"""Reads the members of an archive by their place in the file."""

from __future__ import annotations

import hashlib
import os
import struct
import zipfile
import zlib
from typing import Any, Final

_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")  # APPNOTE.TXT of PKWARE, 4.3.7
_SIGNATURE: Final = b"PK\x03\x04"


class Members:
    """
    The members of *archive*, all stored: a compressed one may have any size.

    Nothing is read through an offset or a lock, which threads and forked children would share, and
    a file that a deployment removed or replaced meanwhile keeps its content here.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._places: dict[str, tuple[int, int]] = {}

    def read(self, name: str) -> bytes:
        """
        The bytes of the member *name*.

        Raises:
            ValueError: it is compressed or damaged, or the file was cut off or overwritten.
            KeyError: there is none.
        """
        start, size = self._place(name)
        data = self._read(start, size)
        if zlib.crc32(data) != self._archive.getinfo(name).CRC:
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
        self._archive.close()

    def _place(self, name: str) -> tuple[int, int]:
        """Where the member *name* begins in the file, and its size."""
        if name not in self._places:
            info = self._archive.getinfo(name)
            if info.compress_type != zipfile.ZIP_STORED:
                msg = f"{name} is compressed"
                raise ValueError(msg)
            header = self._read(info.header_offset, _LOCAL_HEADER.size)
            signature, name_size, extra_size = _LOCAL_HEADER.unpack(header)
            if signature != _SIGNATURE:
                raise ValueError("it was overwritten in place")
            start = info.header_offset + _LOCAL_HEADER.size + name_size + extra_size
            self._places[name] = start, info.file_size
        return self._places[name]

    def _read(self, start: int, size: int) -> bytes:
        file: Any = self._archive.fp
        data = os.pread(file.fileno(), size, start)
        if len(data) != size:
            raise ValueError("it was cut off")
        return data
