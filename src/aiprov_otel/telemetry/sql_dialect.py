"""
One text of SQL for DuckDB and for ClickHouse.

Queries use ClickHouse's functions; macros define those that DuckDB lacks. What no macro can express
is written for DuckDB and rewritten for ClickHouse: `quantile_cont(x, 0.5)`, `hexadecimal(x)`
(fourteen digits as a number), and what old versions don't have: temporary views, and the
MATERIALIZED without which DuckDB reads what a recursion joins again in each of its steps.

Rules that keep the text common: TEMPORARY and not TEMP; no view of temporary tables; UNION ALL or
UNION DISTINCT, and in a recursion only the first; a column of a join has an alias, `unit.SpanId AS
SpanId`; ON and not USING; no rowid, EXCLUDE, or SELECT without a list; `FILTER (WHERE …)`; an
attribute is `nullif(SpanAttributes['key'], '')`, because ClickHouse has an empty value where DuckDB
has none.
"""

from __future__ import annotations

import re
from typing import Final

MACROS: Final = """
CREATE TEMPORARY MACRO arrayJoin(list) AS unnest(list);
CREATE TEMPORARY MACRO hexadecimal(digits) AS CAST('0x' || rpad(digits, 14, '0') AS BIGINT);
CREATE TEMPORARY MACRO regexpExtract(text, pattern, place) AS regexp_extract(text, pattern, place);
CREATE TEMPORARY MACRO has(list, item) AS list_contains(list, item);
CREATE TEMPORARY MACRO substringUTF8(text, first, length) AS substring(text, first, length);
CREATE TEMPORARY MACRO toInt64OrNull(text) AS TRY_CAST(text AS BIGINT);
CREATE TEMPORARY MACRO parseDateTimeBestEffortOrNull(text) AS TRY_CAST(text AS TIMESTAMP);
CREATE TEMPORARY MACRO toUnixTimestamp(time) AS CAST(epoch(time) AS BIGINT);
CREATE TEMPORARY MACRO fromUnixTimestamp64Nano(ns) AS make_timestamp_ns(ns);
CREATE TEMPORARY MACRO toUnixTimestamp64Nano(time) AS epoch_ns(time);
"""
"""Run these first on every connection of DuckDB."""

_QUANTILE: Final = re.compile(r"quantile_cont\(([^(),]+), ([\d.]+)\)")
_DIGITS: Final = re.compile(r"hexadecimal\((\w+)\)")
_VIEW: Final = re.compile(r"CREATE TEMPORARY VIEW (\w+) AS\s+(.*)", re.DOTALL)
_BODY: Final = re.compile(r"((?:CREATE TEMPORARY TABLE \w+ AS\s+)?)(.*)", re.DOTALL)
_WITH: Final = re.compile(r"(WITH (?:RECURSIVE )?)(.*)", re.DOTALL)


class Rewriter:
    """Rewrites SQL for ClickHouse; remembers the views of one session."""

    def __init__(self) -> None:
        self._views: dict[str, str] = {}

    def rewrite(self, sql: str) -> str | None:
        """Returns *sql* for ClickHouse; None if there is nothing to run."""
        sql = _QUANTILE.sub(r"quantileExactInclusive(\2)(\1)", sql.strip())
        sql = _DIGITS.sub(r"reinterpretAsUInt64(reverse(unhex(rpad(\1, 14, '0'))))", sql)
        sql = sql.replace(" AS MATERIALIZED (", " AS (")
        if view := _VIEW.fullmatch(sql):
            self._views[view[1]] = view[2]
            return None
        parts = _BODY.fullmatch(sql)
        assert parts  # the pattern matches any text
        return parts[1] + self._with_views(parts[2])

    def _with_views(self, body: str) -> str:
        for name, view in self._views.items():
            if re.search(rf"\b{name}\b", body):
                if parts := _WITH.fullmatch(body):
                    body = f"{parts[1]}{name} AS ({view}), {parts[2]}"
                else:
                    body = f"WITH {name} AS ({view}) {body}"
        return body
