"""Files as a source: OTLP, Parquet, or a store of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from aiprov_otel.errors import StoreError
from aiprov_otel.telemetry.sources import otlp_file, parquet
from aiprov_otel.telemetry.store import Store

if TYPE_CHECKING:
    from aiprov_otel.telemetry.otlp import Row

_AT_ONCE: Final = 20_000  # rows
_PARQUET: Final = b"PAR1"
_DUCKDB: Final = (8, b"DUCK")  # where it stands, and what


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """
    The spans in the file at *path*, or in all files of a folder and of those in it.

    Of a span that is there several times, one counts; a store of ours is read as it is, and so is
    Parquet, in which nobody looks for spans that are there twice.

    Raises:
        StoreError: there is no such file, or one that holds something else.
    """
    found = _files(path)
    if len(found) == 1 and _is_store(found[0]):
        with Store.read(found[0]) as store:
            yield store
    elif all(map(_is_parquet, found)):
        with parquet.opened(found) as source:
            yield source
    else:
        with TemporaryDirectory() as folder, Store.open(Path(folder, "spans.duckdb")) as store:
            rows = (row for file in found for row in otlp_file.rows_of(file))
            _load(store, rows)
            yield store


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        inside = (file for file in path.rglob("[!.]*") if file.is_file())
        found = sorted(file for file in inside if file.stat().st_size)
    else:
        found = [path] if path.is_file() else []
    if not found:
        msg = f"nothing is at {path}: name a file or folder of OTLP or Parquet with --from"
        raise StoreError(msg)
    return found


def _is_store(file: Path) -> bool:
    return _has(file, *_DUCKDB)


def _is_parquet(file: Path) -> bool:
    return _has(file, 0, _PARQUET)


def _has(file: Path, place: int, magic: bytes) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(place + len(magic))[place:] == magic
    except OSError as error:
        msg = f"can't read {file} ({error.strerror}): name another file with --from"
        raise StoreError(msg) from error


def _load(store: Store, rows: Iterable[Row]) -> None:
    rows = iter(rows)
    while some := list(islice(rows, _AT_ONCE)):
        store.add(some)
