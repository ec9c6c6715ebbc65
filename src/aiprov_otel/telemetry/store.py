"""The DuckDB file with the received spans; only this module opens it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from aiprov_otel.errors import StoreError, UsageError
from aiprov_otel.files import real_path
from aiprov_otel.telemetry import schema, sql_dialect, store_errors
from aiprov_otel.telemetry.extra import local_extra
from aiprov_otel.telemetry.store_errors import RowError, explained, first_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

    from aiprov_otel.telemetry.otlp import Row


@dataclass(slots=True)
class _State:
    """
    What a store and its readers share.

    Attributes:
        readers: those that were open when the last one was opened, and that one.
        is_broken: whether an error made them useless.
        is_keyed: whether its version is `schema.KEYED`.
        memory: bytes that DuckDB may hold while there is a reader, besides as many as the file has;
            None without a limit.
    """

    readers: tuple[Store, ...] = ()
    is_broken: bool = False
    is_keyed: bool = False
    memory: int | None = None


class Store:
    """
    A file with spans; `with Store.open(path) as store:` closes it.

    Threads may share a store; their calls run one after the other.

    Attributes:
        path: the file.
        changes: how many times spans were added since it was opened.
        is_closed: whether it was closed.
    """

    has_snapshots = True

    def __init__(
        self, path: Path, connection: DuckDBPyConnection, state: _State | None = None
    ) -> None:
        self.path = path
        self.changes = 0
        self._connection = connection
        self._lock = threading.Lock()
        self._state = state or _State()
        self._is_reader = state is not None
        self.is_closed = False
        self._batch = path.with_name(f"{path.name}.batch")

    @classmethod
    def open(cls, path: Path, *, memory: int | None = None) -> Self:
        """
        Opens the store at *path* for writing; creates it if there is none.

        While there is a reader, DuckDB may hold *memory* bytes and as many as the file has; by
        default, most of the machine's. What a report needs beyond that goes to a file.

        Raises:
            StoreError: another process holds it, it is not a store or one of another version, or
                the file system refuses.
        """
        return cls._open(path, read_only=False, memory=memory)

    @classmethod
    def read(cls, path: Path) -> Self:
        """
        Opens the store at *path* for reading only.

        Raises:
            StoreError: as `open`, and if the file does not exist.
        """
        if not path.exists():
            msg = (
                f"no store at {path}: create one with `aiprov run -- CMD` or "
                "`aiprov serve`, or name one with --store"
            )
            raise StoreError(msg)
        return cls._open(path, read_only=True)

    @classmethod
    def _open(cls, path: Path, *, read_only: bool, memory: int | None = None) -> Self:
        with local_extra():
            import duckdb
        if path.exists() and not (path.is_file() or path.is_dir()):  # DuckDB would wait for a pipe
            raise StoreError(f"the store {path} is not a regular file: name another with --store")
        with explained(path):
            for suffix in ("", ".batch", ".tmp", ".wal"):
                real_path(path.with_name(path.name + suffix))
            connection = duckdb.connect(str(path), read_only=read_only)
        store = cls(path, connection)
        store._state.memory = memory
        try:
            store._prepare(read_only=read_only)
        except BaseException:
            store.close()
            raise
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file, and ends what still runs on it; closing it twice is fine."""
        import duckdb

        for _ in range(_ATTEMPTS):
            self.interrupt()
            with self._lock, suppress(duckdb.OperationalError):  # a reader is still at its query
                if self._is_reader and self._state.memory is not None:
                    with suppress(duckdb.Error):  # the database may be useless, or closed
                        self._connection.execute("RESET memory_limit")
                self._connection.close()
                self.is_closed = True
                return
            time.sleep(_PAUSE)

    def interrupt(self) -> None:
        """Ends the queries that run at this moment; they raise StoreError."""
        import duckdb

        with suppress(duckdb.ConnectionException):  # it is closed
            self._connection.interrupt()
        for reader in () if self._is_reader else self._state.readers:
            reader.interrupt()

    def add(self, rows: Sequence[Row]) -> int:
        """
        Stores *rows* and returns how many were new; a span that is stored already is not changed.

        When this returns, all rows are on the disk; when it raises, none are.

        Raises:
            RowError: the store can't take one of them.
            StoreError: the disk is full, or can't be written to.
        """
        return self.add_lines(schema.lines(rows)) if rows else 0

    def add_lines(self, lines: bytes) -> int:
        """As `add`, for the result of `schema.lines`."""
        import duckdb

        with self._using() as connection:
            first_of_each, values = schema.first_of_each(lines)
            insert = schema.INSERT_KEYED if self._state.is_keyed else schema.INSERT
            try:
                with self._batch.open("wb") as file:
                    file.writelines(first_of_each)
                values["path"] = _literal(self._batch)
                ((added,),) = connection.execute(insert, values).fetchall()
            except (duckdb.DataError, duckdb.IntegrityError, duckdb.InvalidInputException) as error:
                msg = f"the store {self.path} can't take a span ({first_line(error)})"
                raise RowError(msg) from error
            finally:
                self._batch.unlink(missing_ok=True)
            self.changes += bool(added)
            return int(added)

    def checkpoint(self) -> None:
        """
        Writes deletions to the file, so that their blocks can be used again.

        Raises:
            StoreError: the disk is full, or can't be written to.
        """
        self.query("CHECKPOINT")

    def export(self, path: Path) -> int:
        """
        Writes every span to *path* as Parquet and returns their number.

        Raises:
            StoreError: the file exists, or can't be written.
        """
        import duckdb

        if path.exists():
            msg = f"{path} exists already: move it away, or name another with --export"
            raise StoreError(msg)
        copy = "COPY otel_traces TO $path (FORMAT parquet, COMPRESSION zstd)"
        try:
            with self._lock:
                values = {"path": str(path)}
                ((spans,),) = self._connection.execute(copy, values).fetchall()
        except duckdb.Error as error:
            msg = f"can't write {path} ({first_line(error)}): name another with --export"
            raise StoreError(msg) from error
        return int(spans)

    def reader(self) -> Self:
        """Returns a connection of its own, for reading while others write; close it too."""
        memory = self._state.memory
        with self._using():
            reading = [each for each in self._state.readers if not each.is_closed]
            if memory is not None and not reading:
                self._free()
            reader = type(self)(self.path, self._connection.cursor(), self._state)
            # Another tuple, as `interrupt` may be at the last one.
            self._state.readers = (*reading, reader)
        try:
            reader.query(sql_dialect.MACROS)
            if memory is not None:
                reader.query(f"SET memory_limit = '{memory + self.path.stat().st_size} B'")
        except BaseException:
            reader.close()
            raise
        return reader

    def begin(self) -> None:
        """Lets the queries that follow see one snapshot."""
        self.query("BEGIN")

    def query(
        self, sql: str, values: Sequence[Any] | Mapping[str, Any] = (), /
    ) -> list[tuple[Any, ...]]:
        """
        Returns the result of *sql*.

        Raises:
            StoreError: the file can't be read or written, or a reader's query takes too long.
        """
        with self._using() as connection:
            return connection.execute(sql, values).fetchall()

    def ask(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """
        Returns the column names and the rows of *sql*, which a user wrote.

        From now on, this store reaches no other file.

        Raises:
            UsageError: the query failed.
        """
        import duckdb

        try:
            with self._lock, _time_limit(self._connection):
                self._connection.execute("SET enable_external_access = false")
                result = self._connection.execute(sql)
                columns = [name for name, *_ in result.description or ()]
                return columns, result.fetchall()
        except duckdb.Error as error:
            msg = f"the query failed: {first_line(error)}"
            raise UsageError(msg) from error

    @contextmanager
    def _using(self) -> Iterator[DuckDBPyConnection]:
        """
        The connection; it is opened again if an error made it useless, as a full disk does.

        Raises:
            StoreError: the file can't be used.
        """
        import duckdb

        with self._lock, explained(self.path):
            if self._state.is_broken and not self._is_reader:
                self._reopen()
            try:
                with _time_limit(self._connection) if self._is_reader else nullcontext():
                    yield self._connection
            except duckdb.FatalException:
                self._state.is_broken = True
                raise

    def _free(self) -> None:
        """
        Frees what DuckDB keeps of queries that have ended; no query may run meanwhile.

        Each buffer of a query leaves an entry in DuckDB's eviction queues. DuckDB drops the entries
        only when there are tens of thousands, or when memory runs out: 120 reports on 3,000 spans
        took 27 MiB more than the first. A limit of one byte makes it drop them. DuckDB may accept
        that limit, so it must be reset before anything else runs.
        """
        import duckdb

        with suppress(duckdb.Error):
            self._connection.execute("SET memory_limit = '1 B'")
        try:
            self._connection.execute("RESET memory_limit")
        except duckdb.Error:  # an interrupt
            self._state.is_broken = True  # also if it can't be opened again now
            self._reopen()

    def _reopen(self) -> None:
        import duckdb

        for reader in self._state.readers:  # one of them would keep the useless database open
            reader.close()
        self._connection.close()
        self._connection = duckdb.connect(str(self.path))
        self._state.is_broken = False

    def _prepare(self, *, read_only: bool) -> None:
        tables = {name for (name,) in self.query("SELECT table_name FROM duckdb_tables()")}
        if not tables and not read_only:
            self.query(f"BEGIN; {schema.CREATE} COMMIT;")
        elif "aiprov_store" not in tables:
            msg = f"{self.path} is a database, but not a store of aiprov: name another with --store"
            raise StoreError(msg)
        else:
            self._state.is_keyed = self._checked_version() == schema.KEYED

    def _checked_version(self) -> int:
        found = self.query(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE table_name IN ('aiprov_store', 'otel_traces') ORDER BY table_name, column_index"
        )
        columns = [tuple(column) for table, *column in found if table == "otel_traces"]
        version: int | None = None
        if ("aiprov_store", "version", "INTEGER") in found:
            version = next((row[0] for row in self.query("SELECT version FROM aiprov_store")), None)
        if version not in (schema.VERSION, schema.KEYED):
            msg = (
                f"{self.path} is a store of version {version}, but this aiprov reads version "
                f"{schema.VERSION}: move the file away, or name another with --store"
            )
            raise StoreError(msg)
        if columns != list(schema.KINDS.items()):
            msg = (
                f"{self.path} is a store whose columns were changed: move the file away, or name "
                "another with --store"
            )
            raise StoreError(msg)
        return version


_PAUSE: Final = 0.01  # seconds between two attempts to close a store that is read
_ATTEMPTS: Final = 1_000  # what DuckDB can't close then, the end of the process closes


@contextmanager
def _time_limit(connection: DuckDBPyConnection) -> Iterator[None]:
    """Interrupts what *connection* does in this block if it takes too long."""
    timer = threading.Timer(store_errors.QUERY_LIMIT, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _literal(path: Path) -> str:
    """*path*, with the signs escaped that DuckDB would take for a pattern."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in str(path))
