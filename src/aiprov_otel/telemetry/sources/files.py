"""Files as a source: OTLP, Parquet, or a store of aiprov."""

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
_DUCKDB: Final = (8, b"DUCK")  # its place in the file


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """
    Opens the spans in the file at *path*, or in all files of a folder and its subfolders.

    In OTLP, a span that was written several times counts once. Parquet and a store of aiprov are
    read as they are.

    Raises:
        StoreError: the file does not exist, or holds something else.
    """
    files = _files(path)
    if len(files) == 1 and _has(files[0], *_DUCKDB):
        with Store.read(files[0]) as store:
            yield store
    elif all(_has(file, 0, _PARQUET) for file in files):
        with parquet.opened(files) as source:
            yield source
    else:
        with TemporaryDirectory() as folder, Store.open(Path(folder, "spans.duckdb")) as store:
            rows = (row for file in files for row in otlp_file.rows_of(file))
            _load(store, rows)
            yield store


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        inside = (file for file in path.rglob("[!.]*") if file.is_file())
        files = sorted(file for file in inside if file.stat().st_size)
    else:
        files = [path] if path.is_file() else []
    if not files:
        msg = f"no spans at {path}: name a file or folder of OTLP or Parquet with --from"
        raise StoreError(msg)
    return files


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
