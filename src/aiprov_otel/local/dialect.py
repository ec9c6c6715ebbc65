"""
One text of SQL for DuckDB and for ClickHouse.

It is written with ClickHouse's functions: DuckDB, which has macros, learns those that it lacks. The
exception is `quantile_cont(x, 0.5)`, whose other spelling no macro can give.

What keeps the text common: TEMPORARY and not TEMP, and no view of temporary tables; UNION ALL or
UNION DISTINCT, and in a recursion only the first; a column of a join has an alias, `unit.SpanId AS
SpanId`; ON and not USING; no rowid, EXCLUDE, or SELECT without a list; `FILTER (WHERE …)`; an
attribute is `nullif(SpanAttributes['key'], '')`, for where DuckDB has no value, ClickHouse has an
empty one.
"""

from __future__ import annotations

from typing import Final

MACROS: Final = """
CREATE TEMPORARY MACRO arrayJoin(list) AS unnest(list);
CREATE TEMPORARY MACRO has(list, item) AS list_contains(list, item);
CREATE TEMPORARY MACRO toInt64OrNull(text) AS TRY_CAST(text AS BIGINT);
CREATE TEMPORARY MACRO parseDateTimeBestEffortOrNull(text) AS TRY_CAST(text AS TIMESTAMP);
CREATE TEMPORARY MACRO toUnixTimestamp(time) AS CAST(epoch(time) AS BIGINT);
CREATE TEMPORARY MACRO fromUnixTimestamp64Nano(ns) AS make_timestamp_ns(ns);
CREATE TEMPORARY MACRO toUnixTimestamp64Nano(time) AS epoch_ns(time);
"""
"""What a connection of DuckDB needs first."""
