"""ClickHouse as a source: the Collector's exporter has filled it, and it answers itself."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Self

from aiprov_otel import settings
from aiprov_otel.errors import StoreError, UsageError
from aiprov_otel.telemetry.schema import KINDS
from aiprov_otel.telemetry.sources.http import Server, parse_address, redacted
from aiprov_otel.telemetry.sql_dialect import Rewriter

if TYPE_CHECKING:
    from aiprov_otel.telemetry.source import Source

_PORT: Final = 8123
_SECURE_PORT: Final = 8443
_OLDEST: Final = (24, 8)
"""The first version with recursive queries and QUALIFY that is still maintained by anybody."""

_SETTINGS: Final = {
    "default_format": "JSONCompact",
    "output_format_json_quote_64bit_integers": "0",
    "wait_end_of_query": "1",  # so that a query that fails on its way has the status of a failure
    "max_execution_time": "600",  # seconds
    "session_timeout": "900",
    "join_use_nulls": "1",  # outer joins fill up with NULL, as the standard says
    "prefer_column_name_to_alias": "1",
    "allow_suspicious_low_cardinality_types": "1",
    "join_algorithm": "grace_hash,parallel_hash,hash",  # on the disk, where memory is too small
    "default_temporary_table_engine": "MergeTree",
    "create_table_empty_primary_key_by_default": "1",
}
_WORTH_KNOWING: Final = {
    "AUTHENTICATION_FAILED": "set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD",
    "ACCESS_DENIED": "grant this user SELECT on the table, and CREATE TEMPORARY TABLE",
    "UNKNOWN_DATABASE": "name the one that the Collector writes: clickhouse://host/otel",
    "TIMEOUT_EXCEEDED": "ask for less, or of a table that holds less",
    "MEMORY_LIMIT_EXCEEDED": "raise max_memory_usage of this user, or ask a table that holds less",
}
_VALUE: Final = re.compile(r"\$(\w+)")
_MADE: Final = re.compile(r"CREATE TEMPORARY TABLE (\w+)")


@contextmanager
def opened(address: str) -> Iterator[Source]:
    """
    The spans of the ClickHouse at *address*, `clickhouse://user@host:8123/otel?secure=true`.

    The last part names the database, `default` if there is none; the password stands in the
    environment, rather than in the address.

    Raises:
        UsageError: it is no such address.
        StoreError: nothing answers there, or it has no table of the Collector's exporter.
    """
    source = ClickHouse(*_taken_apart(address))
    source.check()
    yield source


def _taken_apart(text: str) -> tuple[Server, str]:
    try:
        address = parse_address(text, _PORT, _SECURE_PORT)
    except ValueError as error:
        raise UsageError(_no_address(text)) from error
    database = address.path.removeprefix("/") or "default"
    if "/" in database:
        raise UsageError(_no_address(text))
    user, password = settings.clickhouse()
    headers = {
        "X-ClickHouse-User": address.user or user,
        "X-ClickHouse-Key": address.password or password,
    }
    return Server(address, headers), database


def _no_address(text: str) -> str:
    return f"{redacted(text)} is not an address of ClickHouse; give one as clickhouse://host:8123/database"


class ClickHouse:
    """The table `otel_traces` of one *database*."""

    def __init__(self, server: Server, database: str) -> None:
        self._server = server
        self._database = database

    def reader(self) -> Questions:
        """A session of questions."""
        return Questions(self._server, self._database)

    def check(self) -> None:
        """
        See that the table is there and can be asked.

        Raises:
            StoreError: it is not.
        """
        with self.reader() as reader:
            ((version,),) = reader.query("SELECT version()")
            if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
                msg = (
                    f"{self._server.name} is ClickHouse {version}: update it to 24.8 or later, "
                    "or let it export the spans as Parquet, which `--from` reads"
                )
                raise StoreError(msg)
            columns = dict(
                reader.query(
                    "SELECT name, type FROM system.columns "
                    "WHERE database = currentDatabase() AND table = 'otel_traces'"
                )
            )
        self._check_columns(columns)

    def _check_columns(self, columns: Mapping[str, str]) -> None:
        where = f"the database {self._database} of {self._server.name}"
        if not columns:
            msg = (
                f"{where} has no table otel_traces: name the database that the Collector's "
                "ClickHouse exporter writes, as in clickhouse://host:8123/otel"
            )
            raise StoreError(msg)
        for name in KINDS:
            if name not in columns:
                raise StoreError(f"otel_traces in {where} has no column {name}: {_REMEDY}")
        if not columns["SpanAttributes"].startswith("Map("):
            kind = columns["SpanAttributes"]
            msg = f"SpanAttributes of otel_traces in {where} is {kind} and no Map: {_REMEDY}"
            raise StoreError(msg)


_REMEDY: Final = "let the Collector's ClickHouse exporter make the table, without `json: true`"


class Questions:
    """One session of ClickHouse, over HTTP."""

    def __init__(self, server: Server, database: str) -> None:
        self._server = server
        session = f"aiprov-{uuid.uuid4()}"
        self._parameters = _SETTINGS | {"database": database, "session_id": session}
        self._rewriter = Rewriter()
        self._made: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(StoreError):  # the server drops them itself, when the session has been idle
            for name in reversed(self._made):
                self._ask(f"DROP TEMPORARY TABLE IF EXISTS {name}", {})
        self._made.clear()

    def begin(self) -> None:
        """Do nothing: ClickHouse has no snapshots, and spans are only ever added."""

    def query(
        self, sql: str, values: Sequence[Any] | Mapping[str, Any] = (), /
    ) -> list[tuple[Any, ...]]:
        """
        The rows that *sql* answers with; *values* have names.

        Raises:
            StoreError: ClickHouse can't be asked, or refuses.
        """
        text = self._rewriter.rewrite(sql)
        if text is None:
            return []
        self._made += _MADE.findall(text)
        named = dict(values) if isinstance(values, Mapping) else {}
        text = _VALUE.sub(lambda found: _placeholder(found[1], named[found[1]]), text)
        said = {f"param_{name}": str(value) for name, value in named.items() if value is not None}
        return self._ask(text, said)

    def _ask(self, sql: str, values: Mapping[str, str]) -> list[tuple[Any, ...]]:
        answer = self._server.ask("/", self._parameters | dict(values), sql.encode())
        if answer.status != 200:
            raise StoreError(_refused(self._server.name, answer.text))
        document = answer.json() if answer.text else {"meta": [], "data": []}
        truth = [column["type"] in _TRUTH for column in document["meta"]]
        return [tuple(map(_value, row, truth)) for row in document["data"]]


_TRUTH: Final = {"Bool", "UInt8", "Nullable(Bool)", "Nullable(UInt8)", "LowCardinality(UInt8)"}


def _value(value: Any, truth: bool) -> Any:
    return bool(value) if truth and value is not None else value


def _placeholder(name: str, value: Any) -> str:
    if value is None:
        return "NULL"
    return f"{{{name}:{'Int64' if isinstance(value, int) else 'String'}}}"


def _refused(name: str, said: str) -> str:
    first = said.strip().partition("\n")[0][:300]
    for code, advice in _WORTH_KNOWING.items():
        if f"({code})" in said:
            return f"{name} refuses: {advice} ({first})"
    return f"{name} can't answer ({first}): its log says more"
