"""The store's tables: `otel_traces` has the columns of the Collector's ClickHouse exporter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiprov_otel.telemetry.otlp import Row

VERSION: Final = 1
"""Version of the schema; a store of another version is refused."""

_MAP: Final = "MAP(VARCHAR, VARCHAR)"

COLUMNS: Final = {
    "Timestamp": "TIMESTAMP_NS NOT NULL",
    "TraceId": "VARCHAR NOT NULL",
    "SpanId": "VARCHAR NOT NULL",
    "ParentSpanId": "VARCHAR NOT NULL",
    "TraceState": "VARCHAR NOT NULL",
    "SpanName": "VARCHAR NOT NULL",
    "SpanKind": "VARCHAR NOT NULL",
    "ServiceName": "VARCHAR NOT NULL",
    "ResourceAttributes": f"{_MAP} NOT NULL",
    "ScopeName": "VARCHAR NOT NULL",
    "ScopeVersion": "VARCHAR NOT NULL",
    "SpanAttributes": f"{_MAP} NOT NULL",
    "Duration": "UBIGINT NOT NULL",
    "StatusCode": "VARCHAR NOT NULL",
    "StatusMessage": "VARCHAR NOT NULL",
    "Events.Timestamp": "TIMESTAMP_NS[] NOT NULL",
    "Events.Name": "VARCHAR[] NOT NULL",
    "Events.Attributes": f"{_MAP}[] NOT NULL",
    "Links.TraceId": "VARCHAR[] NOT NULL",
    "Links.SpanId": "VARCHAR[] NOT NULL",
    "Links.TraceState": "VARCHAR[] NOT NULL",
    "Links.Attributes": f"{_MAP}[] NOT NULL",
}
"""Every column and its type, in the order of the fields of a row."""

CREATE: Final = f"""
CREATE TABLE aiprov_store (version INTEGER NOT NULL);
INSERT INTO aiprov_store VALUES ({VERSION});
CREATE TABLE otel_traces (
    {", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())},
    PRIMARY KEY (TraceId, SpanId)
);
"""

KINDS: Final = {name: kind.removesuffix(" NOT NULL") for name, kind in COLUMNS.items()}
"""Every column and its type, without its constraints."""

_IN_LINE: Final = {name: kind.replace("TIMESTAMP_NS", "BIGINT") for name, kind in KINDS.items()}
_OF_LINE: Final = {
    "TIMESTAMP_NS": 'make_timestamp_ns("{}")',
    "TIMESTAMP_NS[]": 'list_transform("{}", lambda ns: make_timestamp_ns(ns))',
}
_JSON: Final = json.JSONEncoder(ensure_ascii=False)
_DEFAULT_LONGEST: Final = 2**20

INSERT: Final = f"""
INSERT OR IGNORE INTO otel_traces
SELECT {", ".join(_OF_LINE.get(kind, '"{}"').format(name) for name, kind in KINDS.items())}
FROM read_json(
    $path, format = 'newline_delimited', compression = 'none', maximum_object_size = $longest,
    columns = {_IN_LINE}
)
"""
"""Loads the file at $path, of which no line has more than $longest bytes."""


def line(row: Row) -> bytes:
    """Returns *row* as a line of JSON, which DuckDB loads faster than values from Python."""
    text = _JSON.encode(dict(zip(COLUMNS, row, strict=True)))
    return f"{text}\n".encode(errors="replace")


def lines(rows: Iterable[Row]) -> bytes:
    """Returns *rows* as lines."""
    return b"".join(map(line, rows))


def longest(lines: bytes) -> int:
    """Returns the $longest of `INSERT` for *lines*."""
    return max(_DEFAULT_LONGEST, len(max(lines.split(b"\n"), key=len, default=b"")) + 1)
