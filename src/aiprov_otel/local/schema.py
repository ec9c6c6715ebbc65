"""The store's tables: `otel_traces` has the columns of the Collector's ClickHouse exporter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiprov_otel.local.decode import Row

VERSION: Final = 1
"""Of the store; a store of another version is refused, not guessed at."""

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

_FROM_PARAMETER: Final = {
    "TIMESTAMP_NS": "make_timestamp_ns(unnest(?::BIGINT[]))",
    "TIMESTAMP_NS[]": "list_transform(unnest(?::BIGINT[][]), lambda ns: make_timestamp_ns(ns))",
}


def _parameter(kind: str) -> str:
    kind = kind.removesuffix(" NOT NULL")
    return _FROM_PARAMETER.get(kind, f"unnest(?::{kind}[])")


INSERT: Final = "INSERT OR IGNORE INTO otel_traces SELECT " + ", ".join(
    _parameter(kind) for kind in COLUMNS.values()
)
"""One parameter a column: a list with the values of every row."""


def parameters(rows: Iterable[Row]) -> list[list[Any]]:
    """The values of *rows*, column by column, as `INSERT` wants them."""
    return [[_value(value) for value in column] for column in zip(*rows, strict=True)]


def _value(value: Any) -> Any:
    """*value*, with maps as DuckDB reads them: the keys and the values, each a list."""
    if isinstance(value, dict):
        return {"key": list(value), "value": list(value.values())}
    return [_value(item) for item in value] if isinstance(value, list) else value
