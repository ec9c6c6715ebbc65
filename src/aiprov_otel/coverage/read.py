"""Reads coverage in any of its formats, which its first bytes show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import ParseError

from aiprov_otel.coverage import cobertura, coverage_json, coverage_py, lcov
from aiprov_otel.coverage.values import FileCoverage, by_path
from aiprov_otel.errors import UsageError
from aiprov_otel.files import MANY_BYTES, read_regular

_SQLITE: Final = b"SQLite format 3\0"
_MOST_BYTES: Final = 8 * MANY_BYTES
_FORMATS: Final[dict[bytes, Callable[[bytes], Iterable[FileCoverage]]]] = {
    b"{": coverage_json.read,
    b"<": cobertura.read,
    b"TN:": lcov.read,
    b"SF:": lcov.read,
}
_REASON: Final = 100  # characters
_KINDS: Final = ".coverage, `coverage json`, Cobertura's XML and LCOV"


def read_coverage(path: Path, root: Path) -> list[FileCoverage]:
    """
    The files that the coverage at *path* measured, sorted by path.

    The sources that it names are read only below *root*.

    Raises:
        UsageError: it can't be read, is of another format, or measured nothing.
    """
    try:
        data = read_regular(path, _MOST_BYTES)
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror or error}; run the tests with coverage first"
        raise UsageError(msg) from error
    if data.startswith(_SQLITE):
        files = by_path(coverage_py.read(path, data, root))
        step = "run the tests with coverage first, or map an installed copy with [paths]"
    else:
        files = _parse(path, data.removeprefix(b"\xef\xbb\xbf").lstrip())
        step = "run the tests with coverage first"
    if not files:
        msg = f"{path} holds no coverage of any file here; {step}"
        raise UsageError(msg)
    return files


def _parse(path: Path, data: bytes) -> list[FileCoverage]:
    read = next((read for start, read in _FORMATS.items() if data.startswith(start)), None)
    if read is None:
        msg = f"{path} is not coverage that is known here: {_KINDS}"
        raise UsageError(msg)
    try:
        return by_path(read(data))
    except (
        *(ValueError, LookupError, TypeError, AttributeError, RecursionError, ParseError),
    ) as error:
        reason = f"{type(error).__name__}: {error}"[:_REASON]  # it may quote all of the file
        msg = f"{path} is not whole ({reason}); the formats are {_KINDS}"
        raise UsageError(msg) from error
