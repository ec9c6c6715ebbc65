"""
Files of OTLP requests, as the file exporter of the Collector writes them.

JSON is written as lines, one request each. Protobuf, and anything that the exporter compresses, is
written as messages, each behind its length in four bytes, the most significant first.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from aiprov_otel.errors import StoreError, UsageError
from aiprov_otel.telemetry.otlp_json import json_rows
from aiprov_otel.telemetry.otlp_protobuf import protobuf_rows

if TYPE_CHECKING:
    from aiprov_otel.telemetry.otlp import Row

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_LENGTH: Final = 4  # bytes
_LARGEST: Final = 2**30  # bytes of one message: a larger length means another kind of file


def rows_of(path: Path) -> Iterator[Row]:
    """
    Returns a row for each span with a valid id in the file at *path*.

    Raises:
        StoreError: it can't be read, or is not an OTLP file.
        UsageError: it is compressed with zstd, and zstandard is not installed.
    """
    try:
        with _unpacked(path) as file:
            for number, request in enumerate(_requests(file), 1):
                yield from _rows(path, number, request)
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        msg = f"can't read {path} ({reason}): name another file with --from"
        raise StoreError(msg) from error


def _rows(path: Path, number: int, request: bytes) -> Iterator[Row]:
    read = json_rows if request.startswith(b"{") else protobuf_rows
    try:
        found = list(read(request))
    except ValueError as error:
        msg = (
            f"request {number} of {path} is not OTLP ({error}): name a file that the Collector's "
            "file exporter wrote, or a Parquet file"
        )
        raise StoreError(msg) from error
    return (row for row in found if row is not None)


def _requests(file: IO[bytes]) -> Iterator[bytes]:
    first = file.read(_LENGTH)
    if first.startswith(b"{"):
        yield from filter(None, map(bytes.strip, _lines(first, file)))
        return
    while first:
        length = int.from_bytes(first, "big")
        if length > _LARGEST:
            raise OSError("it is not an OTLP file")
        message = file.read(length)
        if len(message) < length:
            return  # the Collector is writing it, or was killed while it did
        yield _Zstd().message(message) if message.startswith(_ZSTD) else message
        first = file.read(_LENGTH)


def _lines(first: bytes, file: IO[bytes]) -> Iterator[bytes]:
    line = first if b"\n" in first else first + file.readline()
    while line:
        if line.endswith(b"\n") or _whole(line):
            yield line
        line = file.readline()


def _whole(line: bytes) -> bool:
    """Whether the last *line*, which has no end, is complete: it may be being written."""
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


@contextmanager
def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    """Opens the file at *path*; uncompresses it if it was compressed as a whole after rotation."""
    with path.open("rb") as file:
        magic = file.read(len(_ZSTD))
        file.seek(0)
        if magic.startswith(_GZIP):
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield io.BufferedReader(unpacked)
        elif magic == _ZSTD:
            yield io.BufferedReader(_Zstd().stream(file))
        else:
            yield file


class _Zstd:
    """
    A decompressor for zstd.

    Raises:
        UsageError: zstandard is not installed.
    """

    def __init__(self) -> None:
        try:
            import zstandard
        except ModuleNotFoundError as error:
            msg = "zstandard is missing, which reads zstd: install it with `pip install zstandard`"
            raise UsageError(msg) from error
        self._unpacker = zstandard.ZstdDecompressor()
        self._error = zstandard.ZstdError

    def message(self, packed: bytes) -> bytes:
        try:
            return self._unpacker.decompressobj().decompress(packed)
        except self._error as error:
            raise OSError(str(error)) from error

    def stream(self, file: IO[bytes]) -> _Stream:
        return _Stream(self._unpacker.stream_reader(file, read_across_frames=True), self._error)


class _Stream(io.RawIOBase):
    """A stream that raises OSError, as a file does."""

    def __init__(self, unpacked: Any, error: type[Exception]) -> None:
        self._unpacked = unpacked
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return int(self._unpacked.readinto(buffer))
        except self._error as error:
            raise OSError(str(error)) from error
