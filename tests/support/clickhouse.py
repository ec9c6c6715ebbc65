"""
ClickHouse over HTTP: the engine is the real one (chDB, in this process), the server is ours.

It speaks as much of ClickHouse's HTTP interface as a client sees: settings, parameters and user in
the address and the header, errors with a status, temporary tables for as long as a session lasts.
"""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from aiprov_otel.telemetry.store import Store

COLUMNS: Final = """
    Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ParentSpanId String CODEC(ZSTD(1)),
    TraceState String CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion String CODEC(ZSTD(1)),
    SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    Duration UInt64 CODEC(ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    StatusMessage String CODEC(ZSTD(1)),
    Events Nested (
        Timestamp DateTime64(9),
        Name LowCardinality(String),
        Attributes Map(LowCardinality(String), String)
    ) CODEC(ZSTD(1)),
    Links Nested (
        TraceId String,
        SpanId String,
        TraceState String,
        Attributes Map(LowCardinality(String), String)
    ) CODEC(ZSTD(1))
"""
"""Names and types as the Collector's ClickHouse exporter has them."""

TABLE: Final = f"""
CREATE TABLE otel_traces ({COLUMNS}) ENGINE = MergeTree
PARTITION BY toDate(Timestamp)
PRIMARY KEY (ServiceName, SpanName, toDateTime(Timestamp))
ORDER BY (ServiceName, SpanName, toDateTime(Timestamp), Timestamp)
"""

USER: Final = "reader"
PASSWORD: Final = "a secret"
_LOGIN: Final = f"{USER}:{PASSWORD}".encode()
_OURS: Final = (
    "database", "session_id", "session_timeout", "default_format", "wait_end_of_query",
    "client_protocol_version", "query_id", "compress", "role",
)  # fmt: skip


class ClickHouse:
    """A server with a database `otel`, which has the exporter's table, and an empty one `other`."""

    def __init__(self) -> None:
        self._engine = _engine()
        self._lock = threading.Lock()
        for database in ("otel", "other"):
            self._engine.query(f"CREATE DATABASE {database} ENGINE = Atomic")
        self._engine.query(TABLE.replace("otel_traces", "otel.otel_traces"))
        handler = type("Handler", (_Handler,), {"clickhouse": self})
        self._server = HTTPServer(("127.0.0.1", 0), handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.address = f"clickhouse://{USER}:a%20secret@{self.host}/otel"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def load(self, store: Store, folder: Path) -> None:
        """Put the spans of *store* into the table, and no others."""
        path = folder / "for-clickhouse.parquet"
        store.export(path)
        self.load_file(path)

    def load_file(self, path: Path) -> None:
        """Put the spans of the Parquet file at *path* into the table, and no others."""
        with self._lock:
            self._engine.query("TRUNCATE TABLE otel.otel_traces")
            self._engine.query(
                f"INSERT INTO otel.otel_traces SELECT * FROM file('{path}', Parquet)"
            )

    def query(self, sql: str, parameters: dict[str, str]) -> bytes:
        """The answer to *sql*, with what the address said."""
        values = {key[6:]: value for key, value in parameters.items() if key.startswith("param_")}
        said = {k: v for k, v in parameters.items() if k not in _OURS and k[:6] != "param_"}
        with self._lock:
            self._engine.query(f"USE {parameters.get('database', 'default')}")
            for name, value in said.items():
                self._engine.query(f"SET {name} = '{value}'")
            answer = self._engine.query(sql, parameters.get("default_format", "TSV"), params=values)
            return bytes(answer.bytes())

    def tables(self) -> list[str]:
        """The temporary tables that are there."""
        said = self.query(
            "SELECT name FROM system.tables WHERE is_temporary",
            {"database": "otel", "default_format": "JSONCompact"},
        )
        return [name for (name,) in json.loads(said)["data"]]

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._engine.close()


def _engine() -> Any:
    import chdb.session  # it has no types

    make: Any = chdb.session.Session
    return make()


class _Handler(BaseHTTPRequestHandler):
    clickhouse: ClickHouse

    def do_POST(self) -> None:
        """Answer a query."""
        sql = self.rfile.read(int(self.headers["Content-Length"])).decode()
        said = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        status, body = 200, b""
        if self.headers["Authorization"] != f"Basic {b64encode(_LOGIN).decode()}":
            status, body = 403, b"Code: 516. DB::Exception: nobody. (AUTHENTICATION_FAILED)"
        else:
            try:
                body = self.clickhouse.query(sql, said)
            except RuntimeError as error:
                status, body = 500, str(error).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def clickhouse() -> Iterator[ClickHouse]:
    """A server for as long as the block lasts; a process can have one at a time."""
    server = ClickHouse()
    try:
        yield server
    finally:
        server.close()
