"""
Files of OTLP requests, as the file exporter of the Collector writes them.

JSON is written as lines, one request each. Protobuf, and anything that the exporter compresses, is
written as messages, each behind its length in four bytes, the most significant first.

A Collector that was killed leaves a message cut off, and may write on behind it; a machine that
lost its power leaves zeros; a rotation may cut anywhere. Every whole message counts, and the log
counts what was skipped.
"""

from __future__ import annotations

import json
import logging
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from aiprov_otel.errors import StoreError, UsageError
from aiprov_otel.telemetry.otlp_json import json_rows
from aiprov_otel.telemetry.otlp_protobuf import protobuf_rows

if TYPE_CHECKING:
    from aiprov_otel.telemetry.otlp import Row

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_CHUNK: Final = 2**14  # bytes: compressed, they can be a thousand times as many
_LENGTH: Final = 4  # bytes
_LARGEST: Final = 2**26 - 1  # bytes of a message; four letters, taken for a length, are more
_REQUEST: Final = re.compile(rb'\{\s*"resource(?:Spans|Logs|Metrics|Profiles)"\s*:')
_FIRST: Final = re.compile(rb"\x0a|\x28\xb5\x2f\xfd")  # of a message
_BLANK: Final = b"\0 \t\r\n"

_log = logging.getLogger(__name__)


def rows_of(path: Path) -> Iterator[Row]:
    """
    Returns a row for each span with a valid id in the file at *path*.

    Raises:
        StoreError: it can't be read, or holds no whole OTLP message.
        UsageError: it is compressed with zstd, and zstandard is not installed.
    """
    whole = skipped = rejected = 0
    chunks = _Chunks(path)
    for rows in _messages(chunks):
        if rows is None:
            skipped += 1
            continue
        whole += 1
        for row in rows:
            if row is None:
                rejected += 1
            else:
                yield row
    if error := chunks.problem:
        skipped += 1
        if not whole:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            msg = f"can't read {path} ({reason}): name another file with --from"
            raise StoreError(msg) from error
    if skipped and not whole:
        msg = (
            f"{path} is not an OTLP file, or has no whole message: name a file that the "
            "Collector's file exporter wrote, or a Parquet file"
        )
        raise StoreError(msg)
    if skipped:
        _log.warning("aiprov: skipped what is damaged in %s, %s times", path, skipped)
    if rejected:
        _log.warning("aiprov: skipped %s malformed spans in %s", rejected, path)


_Rows = Iterator["Row | None"]


def _messages(chunks: Iterator[bytes]) -> Iterator[_Rows | None]:
    """The rows of each message in *chunks*; None for each place where it is damaged."""
    start = next(chunks, b"")
    if start.startswith(b"{") or (not _may_begin(start, 0) and _REQUEST.search(start)):
        for line in _lines(start, chunks):
            yield from _line_rows(line)
    else:
        yield from _framed(bytearray(start), chunks)


def _lines(start: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    parts = [start]
    for chunk in chunks:
        if b"\n" in chunk:
            *lines, rest = (b"".join(parts) + chunk).split(b"\n")
            yield from lines
            parts = [rest]
        else:
            parts.append(chunk)
    yield from b"".join(parts).split(b"\n")


def _line_rows(line: bytes) -> Iterator[_Rows | None]:
    """The rows of each request on *line*: behind one that was cut off, another may have begun."""
    line = line.strip(_BLANK)
    if not line:
        return
    if rows := _parsed(line):
        yield rows
        return
    starts = [match.start() for match in _REQUEST.finditer(line)]
    if starts[:1] != [0]:
        yield None
    for place, end in zip(starts, [*starts, len(line)][1:], strict=True):
        part = line[place:end].strip(_BLANK)
        if rows := _parsed(part):
            yield rows
        else:
            if first := _first_document(part):
                yield _parsed(first)
            yield None


def _first_document(text: bytes) -> bytes:
    """The JSON that *text* begins with, without what is behind it; nothing if it is cut off."""
    try:
        _, end = json.JSONDecoder().raw_decode(text.decode(errors="replace"))
    except (ValueError, RecursionError):
        return b""
    return text.decode(errors="replace")[:end].encode()


def _framed(buffer: bytearray, chunks: Iterator[bytes]) -> Iterator[_Rows | None]:
    in_order = True
    while buffer or _fill(buffer, chunks, 1):
        rows, end = _frame(buffer, chunks, 0)
        if rows is None:
            end = next(_places(buffer, len(buffer)), max(len(buffer) - _LENGTH, 1))
        elif not _is_followed(buffer, chunks, end):
            # One that was cut off may have taken what it lacks from those behind it.
            for place in _places(buffer, end):
                inner, inner_end = _frame(buffer, chunks, place)
                if inner is not None and _is_followed(buffer, chunks, inner_end):
                    rows, end = None, place
                    break
        if rows is not None or in_order:
            yield rows
        in_order = rows is not None
        del buffer[:end]


def _frame(buffer: bytearray, chunks: Iterator[bytes], place: int) -> tuple[_Rows | None, int]:
    """The rows of the message at *place*, None if there is none, and where it ends."""
    start = place + _LENGTH
    if _fill(buffer, chunks, start) and 0 < (length := _length(buffer, place)) <= _LARGEST:
        end = start + length
        if _fill(buffer, chunks, end):
            return _parsed(bytes(memoryview(buffer)[start:end])), end
    return None, place


def _is_followed(buffer: bytearray, chunks: Iterator[bytes], end: int) -> bool:
    """Whether at *end* the next message may begin, or the file is over."""
    return not _fill(buffer, chunks, end + 1) or (
        _fill(buffer, chunks, end + 2 * _LENGTH) and _may_begin(buffer, end)
    )


def _fill(buffer: bytearray, chunks: Iterator[bytes], size: int) -> bool:
    """Whether *buffer* has *size* bytes, now that they were read where they are there."""
    while len(buffer) < size:
        if not (chunk := next(chunks, b"")):
            return False
        buffer += chunk
    return True


def _places(buffer: bytearray, end: int) -> Iterator[int]:
    """The places in *buffer*, before *end*, where a message may begin; not the first."""
    for match in _FIRST.finditer(bytes(buffer), _LENGTH + 1, end):
        if _may_begin(buffer, place := match.start() - _LENGTH):
            yield place


def _may_begin(buffer: bytes | bytearray, place: int) -> bool:
    """Whether a length and the first byte of a message are at *place*."""
    content = buffer[place + _LENGTH : place + 2 * _LENGTH]
    return bool(_FIRST.match(content)) and 0 < _length(buffer, place) <= _LARGEST


def _length(buffer: bytes | bytearray, place: int) -> int:
    return int.from_bytes(buffer[place : place + _LENGTH], "big")


def _parsed(request: bytes) -> _Rows | None:
    """The rows of *request*; None if it is not a request."""
    try:
        if request.startswith(_ZSTD):
            request = _Zstd().message(request)
        return json_rows(request) if request.startswith(b"{") else protobuf_rows(request)
    except (ValueError, OSError):
        return None


class _Chunks:
    """
    A file in chunks; it may have been compressed as a whole after its rotation.

    Attributes:
        problem: why the chunks ended before the file did.
    """

    def __init__(self, path: Path) -> None:
        self.problem: Exception | None = None
        self._chunks = _read(path)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except (OSError, EOFError, zlib.error) as error:
            self.problem = error
            raise StopIteration from None


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        magic = file.read(len(_ZSTD))
        file.seek(0)
        if magic.startswith(_GZIP):
            yield from _decompressed(file, lambda: zlib.decompressobj(zlib.MAX_WBITS | 16))
        elif magic == _ZSTD:
            yield from _Zstd().chunks(file)
        else:
            yield from iter(lambda: file.read(_CHUNK), b"")


def _decompressed(file: IO[bytes], make: Callable[[], Any]) -> Iterator[bytes]:
    """
    The chunks of *file*, whose members each need a new decompressor from *make*.

    Raises:
        EOFError: it ends too early; what was whole has been returned.
    """
    packed = file.read(_CHUNK)
    while packed:
        member = make()
        while packed and not member.eof:
            if chunk := member.decompress(packed):
                yield chunk
            packed = member.unused_data or file.read(_CHUNK)
        if not member.eof:
            raise EOFError("it ends too early")
        packed = packed.lstrip(b"\0")  # which pads the end of some files


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
        self._decompressor = zstandard.ZstdDecompressor()
        self._error: Any = zstandard.ZstdError

    def message(self, packed: bytes) -> bytes:
        try:
            return self._decompressor.decompressobj().decompress(packed)
        except self._error as error:
            raise OSError(str(error)) from error

    def chunks(self, file: IO[bytes]) -> Iterator[bytes]:
        try:
            yield from _decompressed(file, self._decompressor.decompressobj)
        except self._error as error:
            raise OSError(str(error)) from error
