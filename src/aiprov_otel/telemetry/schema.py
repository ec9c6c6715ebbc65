"""The store's tables: `otel_traces` has the columns of the Collector's ClickHouse exporter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiprov_otel.telemetry.otlp import Row

VERSION: Final = 2
"""Version of the schema; a store of another version than this and `KEYED` is refused."""

KEYED: Final = 1
"""The version with the same columns, and a primary key of trace and span."""

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
CREATE TABLE otel_traces ({", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())});
"""

KINDS: Final = {name: kind.removesuffix(" NOT NULL") for name, kind in COLUMNS.items()}
"""Every column and its type, without its constraints."""

_IN_LINE: Final = {name: kind.replace("TIMESTAMP_NS", "BIGINT") for name, kind in KINDS.items()}
_OF_LINE: Final = {
    "TIMESTAMP_NS": 'make_timestamp_ns("{0}") AS "{0}"',
    "TIMESTAMP_NS[]": 'list_transform("{0}", lambda ns: make_timestamp_ns(ns)) AS "{0}"',
}
_JSON: Final = json.JSONEncoder(ensure_ascii=False)
_BEFORE_START: Final = b'{"Timestamp": '
_AFTER_IDENTITY: Final = b', "ParentSpanId": '
_DEFAULT_LONGEST: Final = 2**20

# 200,000 spans in batches of 512 took 38 us each with a primary key, and 17 with the join; they had
# 49 MB on the disk, and 10; and a key holds 100 bytes of memory a span for ever.
INSERT: Final = f"""
INSERT INTO otel_traces
SELECT * FROM (
    SELECT {", ".join(_OF_LINE.get(kind, '"{0}"').format(name) for name, kind in KINDS.items())}
    FROM read_json(
        $path, format = 'newline_delimited', compression = 'none', maximum_object_size = $longest,
        columns = {_IN_LINE}
    )
)
ANTI JOIN (
    SELECT Timestamp, TraceId, SpanId FROM otel_traces
    WHERE Timestamp BETWEEN make_timestamp_ns($first) AND make_timestamp_ns($last)
)
USING (Timestamp, TraceId, SpanId)
"""
"""
Loads the file at $path, but not the spans that are stored already. No line of it has more than
$longest bytes, and all its spans began between $first and $last, in Unix nanoseconds.
"""

INSERT_KEYED: Final = INSERT.replace("INSERT INTO", "INSERT OR IGNORE INTO")
"""The same for a store of the version `KEYED`."""


def line(row: Row) -> bytes:
    """Returns *row* as a line of JSON, which DuckDB loads faster than values from Python."""
    text = _JSON.encode(dict(zip(COLUMNS, row, strict=True)))
    return f"{text}\n".encode(errors="replace")


def lines(rows: Iterable[Row]) -> bytes:
    """Returns *rows* as lines."""
    return b"".join(map(line, rows))


def first_of_each(lines: bytes) -> tuple[list[bytes], dict[str, int | str]]:
    """
    Returns those of *lines*, at least one, that are the first of their spans.

    Besides, what `INSERT` must know of them: $longest, $first and $last.
    """
    found: dict[bytes, bytes] = {}
    for each in lines.splitlines(keepends=True):
        found.setdefault(each[: each.index(_AFTER_IDENTITY)], each)
    times = [int(identity[len(_BEFORE_START) : identity.index(b",")]) for identity in found]
    longest = max(_DEFAULT_LONGEST, *map(len, found.values()))
    return list(found.values()), {"longest": longest, "first": min(times), "last": max(times)}
