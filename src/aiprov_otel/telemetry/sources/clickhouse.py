"""ClickHouse as a source, filled by the Collector's exporter; it runs the queries itself."""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Self

from aiprov_otel import settings
from aiprov_otel.errors import StoreError, UsageError
from aiprov_otel.telemetry.schema import KINDS
from aiprov_otel.telemetry.sources.http import parse_address, redacted
from aiprov_otel.telemetry.sql_dialect import Rewriter

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from aiprov_otel.telemetry.source import Source

_PORT: Final = 8123
_SECURE_PORT: Final = 8443
_OLDEST: Final = (24, 8)
"""The first version with recursive queries and QUALIFY that is still maintained."""

_SETTINGS: Final = {
    "output_format_json_quote_64bit_integers": "0",
    "wait_end_of_query": "1",  # so that a query that fails halfway has the status of a failure
    "max_execution_time": "600",  # seconds
    "join_use_nulls": "1",  # outer joins fill up with NULL, as in the SQL standard
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
_IDLE: Final = 900  # seconds until the server ends a session
_VALUE: Final = re.compile(r"\$(\w+)")
_TABLE: Final = re.compile(r"CREATE TEMPORARY TABLE (\w+)")


_CONNECTING: Final = 10  # seconds
_ANSWERING: Final = 630  # seconds: longer than the time limit of a query


@contextmanager
def opened(address: str) -> Iterator[Source]:
    """
    Opens the spans of the ClickHouse at *address*, `clickhouse://user@host:8123/otel?secure=true`.

    The path names the database, `default` if there is none. The password should be in the
    environment rather than in the address.

    Raises:
        UsageError: *address* is not valid, or the extra `clickhouse` is not installed.
        StoreError: nothing answers there, or the table of the Collector's exporter is missing.
    """
    with closing(_connected(address)) as source:
        source.check()
        yield source


def _connected(text: str) -> ClickHouse:
    try:
        from clickhouse_connect import get_client
    except ModuleNotFoundError as error:
        msg = f"{error.name} is missing; install it with `pip install 'aiprov-otel[clickhouse]'`"
        raise UsageError(msg) from error
    try:
        address = parse_address(text, _PORT, _SECURE_PORT)
    except ValueError as error:
        raise UsageError(_bad_address(text)) from error
    database = address.path.removeprefix("/") or "default"
    if "/" in database:
        raise UsageError(_bad_address(text))
    user, password = settings.clickhouse()
    # Without a handler, what the client logs would appear beside our one line.
    logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
    with _explained(address.shown):
        client = get_client(
            host=address.host,
            port=address.port,
            secure=address.secure,
            username=address.user or user,
            password=address.password or password,
            database=database,
            settings=_SETTINGS,
            connect_timeout=_CONNECTING,
            send_receive_timeout=_ANSWERING,
            query_retries=0,
            autogenerate_session_id=False,  # each reader has a session of its own
        )
    return ClickHouse(client, address.shown, database)


def _bad_address(text: str) -> str:
    return (
        f"{redacted(text)} is not an address of ClickHouse; give one as "
        "clickhouse://host:8123/database"
    )


class ClickHouse:
    """The table `otel_traces` of one *database*."""

    def __init__(self, client: Client, name: str, database: str) -> None:
        self._client = client
        self._name = name
        self._database = database

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def reader(self) -> Session:
        """Returns a new session of queries."""
        return Session(self._client, self._name)

    def check(self) -> None:
        """
        See that the table exists and can be read.

        Raises:
            StoreError: it can't.
        """
        with _explained(self._name), self.reader() as reader:
            ((version,),) = reader.query("SELECT version()")
            if tuple(int(part) for part in str(version).split(".")[:2]) < _OLDEST:
                msg = (
                    f"{self._name} is ClickHouse {version}: update it to 24.8 or later, "
                    "or let it export the spans as Parquet, which `--from` reads"
                )
                raise StoreError(msg)
            rows = reader.query(
                "SELECT name, type FROM system.columns "
                "WHERE database = currentDatabase() AND table = 'otel_traces'"
            )
            columns = {str(name): str(kind) for name, kind in rows}
        self._check_columns(columns)

    def _check_columns(self, columns: Mapping[str, str]) -> None:
        where = f"the database {self._database} of {self._name}"
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
            msg = f"SpanAttributes of otel_traces in {where} is {kind} and not a Map: {_REMEDY}"
            raise StoreError(msg)


_REMEDY: Final = "let the Collector's ClickHouse exporter make the table, without `json: true`"


class Session:
    """A session of queries, whose temporary tables end with it."""

    has_snapshots = False

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self._settings = {"session_id": f"aiprov-{uuid.uuid4()}", "session_timeout": _IDLE}
        self._rewriter = Rewriter()
        self._tables: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(StoreError):  # the server drops them itself when the session has been idle
            for name in reversed(self._tables):
                self._run(f"DROP TEMPORARY TABLE IF EXISTS {name}", {})
        self._tables.clear()

    def begin(self) -> None:
        """Does nothing: ClickHouse has no snapshots, and spans are only ever added."""

    def query(
        self, sql: str, values: Sequence[Any] | Mapping[str, Any] = (), /
    ) -> list[tuple[Any, ...]]:
        """
        Returns the result of *sql*; *values* have names.

        Raises:
            StoreError: ClickHouse can't be reached, or refuses.
        """
        text = self._rewriter.rewrite(sql)
        if text is None:
            return []
        self._tables += _TABLE.findall(text)
        named = dict(values) if isinstance(values, Mapping) else {}
        text = _VALUE.sub(lambda match: _placeholder(match[1], named[match[1]]), text)
        return self._run(text, {name: value for name, value in named.items() if value is not None})

    def _run(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        is_query = not sql.startswith(("CREATE", "DROP"))
        with _explained(self._name):
            answer = self._client.raw_query(
                sql, dict(values), dict(self._settings), "JSONCompact" if is_query else None
            )
            if not is_query:
                return []
            document = json.loads(answer)
        truth = [column["type"] in _TRUTH for column in document["meta"]]
        return [tuple(map(_value, row, truth)) for row in document["data"]]


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turns what the client raises about the server *name* into one line that suggests a fix."""
    from clickhouse_connect.driver.exceptions import ClickHouseError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (ClickHouseError, HTTPError) as error:
        raise StoreError(_advice(name, error)) from error
    except (ValueError, LookupError, TypeError, EOFError, RecursionError) as error:
        msg = f"{name} answered with something else than ClickHouse does: check the address"
        raise StoreError(msg) from error


def _advice(name: str, error: Exception) -> str:
    text = str(error)
    for code, advice in _WORTH_KNOWING.items():
        if f"({code})" in text:
            return f"{name} refuses: {advice} ({code})"
    if "DB::" in text or "error code" in text:
        return f"{name} can't answer ({_first_line(text)}): see its log"
    if "Timeout" in text or "timed out" in text:
        return f"{name} does not answer in time: check that it is up, or query less"
    if isinstance(error.__cause__, OSError) or "Connection" in text or "Max retries" in text:
        return f"nothing answers at {name}: check the address and the server"
    return f"{name} answered with something else ({_first_line(text)}): check the address"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:300]


_TRUTH: Final = {"Bool", "UInt8", "Nullable(Bool)", "Nullable(UInt8)", "LowCardinality(UInt8)"}


def _value(value: Any, truth: bool) -> Any:
    return bool(value) if truth and value is not None else value


def _placeholder(name: str, value: Any) -> str:
    if value is None:
        return "NULL"
    return f"{{{name}:{'Int64' if isinstance(value, int) else 'String'}}}"
