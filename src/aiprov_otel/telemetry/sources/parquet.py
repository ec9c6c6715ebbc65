"""Parquet as a source, as `aiprov report --export` or ClickHouse wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel.errors import StoreError
from aiprov_otel.telemetry.extra import local_extra
from aiprov_otel.telemetry.schema import KINDS
from aiprov_otel.telemetry.store import Store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ABSENT: Final = {"VARCHAR": "''", "MAP(VARCHAR, VARCHAR)": "MAP {}"}
_OPTIONAL: Final = ("TraceState", "ResourceAttributes", "ScopeName", "ScopeVersion", "Links.")


@contextmanager
def opened(files: Sequence[Path]) -> Iterator[Store]:
    """
    Opens the spans in *files*, which have the columns of the Collector's ClickHouse exporter.

    Raises:
        StoreError: a column is missing, or a file can't be read.
    """
    with local_extra():
        import duckdb
    connection = duckdb.connect()
    try:
        connection.execute(_view(connection, files))
    except duckdb.Error as error:
        connection.close()
        first = str(error).partition("\n")[0]
        msg = f"can't read {files[0]} as spans ({first}): {_REMEDY}"
        raise StoreError(msg) from error
    with Store(files[0], connection) as store:
        yield store


_REMEDY: Final = (
    "give a file that `aiprov report --export` wrote, or the table otel_traces of ClickHouse"
)


def _view(connection: DuckDBPyConnection, files: Sequence[Path]) -> str:
    read = f"read_parquet([{', '.join(map(_name, files))}], union_by_name = true)"
    described: list[tuple[Any, ...]] = connection.execute(f"DESCRIBE FROM {read}").fetchall()
    columns = {row[0] for row in described}
    needed = [name for name in KINDS if not name.startswith(_OPTIONAL)]
    if missing := [name for name in needed if name not in columns]:
        msg = f"{files[0]} has no column {missing[0]}: {_REMEDY}"
        raise StoreError(msg)
    selected = ", ".join(_column(name, kind, columns) for name, kind in KINDS.items())
    return f"CREATE VIEW otel_traces AS SELECT {selected} FROM {read}"


def _column(name: str, kind: str, columns: set[str]) -> str:
    if name in columns:
        return f'"{name}"::{kind} AS "{name}"'
    return f'{_ABSENT.get(kind, "[]")}::{kind} AS "{name}"'


def _name(file: Path) -> str:
    plain = "".join(f"[{c}]" if c in "*?[" else c for c in str(file))  # not a pattern
    return "'" + plain.replace("'", "''") + "'"
