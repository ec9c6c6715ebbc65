"""
One text of SQL for DuckDB and for ClickHouse.

It is written with ClickHouse's functions: DuckDB, which has macros, learns those that it lacks.
What no macro can give is written for DuckDB and rewritten for ClickHouse: `quantile_cont(x, 0.5)`,
`hexadecimal(x)` (fourteen digits as a number), and temporary views, which old versions don't have.

What keeps the text common: TEMPORARY and not TEMP, and no view of temporary tables; UNION ALL or
UNION DISTINCT, and in a recursion only the first; a column of a join has an alias, `unit.SpanId AS
SpanId`; ON and not USING; no rowid, EXCLUDE, or SELECT without a list; `FILTER (WHERE …)`; an
attribute is `nullif(SpanAttributes['key'], '')`, for where DuckDB has no value, ClickHouse has an
empty one.
"""

from __future__ import annotations

import re
from typing import Final

MACROS: Final = """
CREATE TEMPORARY MACRO arrayJoin(list) AS unnest(list);
CREATE TEMPORARY MACRO hexadecimal(digits) AS CAST('0x' || rpad(digits, 14, '0') AS BIGINT);
CREATE TEMPORARY MACRO regexpExtract(text, pattern, place) AS regexp_extract(text, pattern, place);
CREATE TEMPORARY MACRO has(list, item) AS list_contains(list, item);
CREATE TEMPORARY MACRO toInt64OrNull(text) AS TRY_CAST(text AS BIGINT);
CREATE TEMPORARY MACRO parseDateTimeBestEffortOrNull(text) AS TRY_CAST(text AS TIMESTAMP);
CREATE TEMPORARY MACRO toUnixTimestamp(time) AS CAST(epoch(time) AS BIGINT);
CREATE TEMPORARY MACRO fromUnixTimestamp64Nano(ns) AS make_timestamp_ns(ns);
CREATE TEMPORARY MACRO toUnixTimestamp64Nano(time) AS epoch_ns(time);
"""
"""What a connection of DuckDB needs first."""

_QUANTILE: Final = re.compile(r"quantile_cont\(([^(),]+), ([\d.]+)\)")
_DIGITS: Final = re.compile(r"hexadecimal\((\w+)\)")
_VIEW: Final = re.compile(r"CREATE TEMPORARY VIEW (\w+) AS\s+(.*)", re.DOTALL)
_BODY: Final = re.compile(r"((?:CREATE TEMPORARY TABLE \w+ AS\s+)?)(.*)", re.DOTALL)
_WITH: Final = re.compile(r"(WITH (?:RECURSIVE )?)(.*)", re.DOTALL)


class Rewriter:
    """Says for ClickHouse what is written for DuckDB; keeps the views of one session."""

    def __init__(self) -> None:
        self._views: dict[str, str] = {}

    def rewritten(self, sql: str) -> str | None:
        """*sql* as ClickHouse reads it; None where there is nothing to ask of it."""
        sql = _QUANTILE.sub(r"quantileExactInclusive(\2)(\1)", sql.strip())
        sql = _DIGITS.sub(r"reinterpretAsUInt64(reverse(unhex(rpad(\1, 14, '0'))))", sql)
        if view := _VIEW.fullmatch(sql):
            self._views[view[1]] = view[2]
            return None
        found = _BODY.fullmatch(sql)
        assert found  # it takes anything
        return found[1] + self._with_views(found[2])

    def _with_views(self, body: str) -> str:
        for name, view in self._views.items():
            if re.search(rf"\b{name}\b", body):
                opened = _WITH.fullmatch(body)
                rest = f"{opened[1]}{name} AS ({view}), {opened[2]}" if opened else None
                body = rest or f"WITH {name} AS ({view}) {body}"
        return body
