"""What no macro can express is rewritten for ClickHouse."""

from __future__ import annotations

from aiprov_otel.report import sql
from aiprov_otel.telemetry.sql_dialect import Rewriter


def test_an_old_clickhouse_is_not_told_what_to_materialize():
    """It knows no such word; the tables of a recursion are written with it, for DuckDB."""
    for text in (sql.table("nested_entries"), sql.query("request")):
        assert " AS MATERIALIZED (" in text
        assert "MATERIALIZED" not in (Rewriter().rewrite(text) or "")
