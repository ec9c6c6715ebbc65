"""The questions that the report asks of the prepared tables."""

from __future__ import annotations

from typing import Final


def by(*dimensions: str) -> str:
    """Calls, errors and self time by *dimensions*, columns that units and errors share."""
    columns = ", ".join(dimensions)
    same = " AND ".join(f"called.{name} IS NOT DISTINCT FROM failed.{name}" for name in dimensions)
    chosen = ", ".join(f"coalesce(called.{name}, failed.{name}) AS {name}" for name in dimensions)
    return f"""
        WITH called AS (
            SELECT
                {columns}, count(DISTINCT Function) AS functions, count(*) AS calls,
                quantile_cont(SelfMs, 0.5) AS p50, quantile_cont(SelfMs, 0.95) AS p95
            FROM units GROUP BY {columns}
        ),
        failed AS (SELECT {columns}, count(*) AS errors FROM errors GROUP BY {columns})
        SELECT
            {chosen}, coalesce(functions, 0), coalesce(calls, 0), coalesce(errors, 0), p50, p95
        FROM called FULL JOIN failed ON {same}
        ORDER BY {", ".join(str(number + 1) for number in range(len(dimensions)))}
    """


COVERAGE: Final = """
SELECT
    (SELECT count(*) FROM spans),
    count(*),
    count(*) FILTER (WHERE Origin <> 'unknown') / nullif(count(*), 0),
    count(*) FILTER (WHERE Origin <> 'unknown' AND Strength = 'weak')
        / nullif(count(*) FILTER (WHERE Origin <> 'unknown' AND Strength IS NOT NULL), 0)
FROM units
"""

MATCHES: Final = """
SELECT Match, count(*) / sum(count(*)) OVER () FROM units
WHERE Match IS NOT NULL GROUP BY Match ORDER BY Match
"""

TOP_EXCEPTIONS: Final = """
SELECT Type, Origin, Agent, Model, Commit, Path, Line, count(*) AS n FROM errors
GROUP BY Type, Origin, Agent, Model, Commit, Path, Line
ORDER BY n DESC, Type, Path, Line LIMIT 10
"""

FAILING: Final = """
SELECT * FROM functions WHERE errors > 0 ORDER BY errors DESC, calls DESC, Function LIMIT 10
"""

SLOWEST: Final = """
SELECT * FROM functions WHERE spent > 0 ORDER BY spent DESC, Function LIMIT 10
"""

LATEST_FAILURE: Final = """
SELECT TraceId, Type, Origin, Agent, Model, Commit, Path, Line, Stacktrace FROM errors
WHERE Stacktrace IS NOT NULL AND Path IS NOT NULL
ORDER BY Origin <> 'unknown' DESC, Time DESC LIMIT 1
"""

LONGEST_STACKTRACE: Final = """
SELECT Stacktrace FROM recorded
WHERE TraceId = $trace AND Type = $type AND Stacktrace IS NOT NULL
    AND coalesce(Line, -1) = coalesce($line, -1)
ORDER BY length(Stacktrace) DESC LIMIT 1
"""

TRACE: Final = """
SELECT
    SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, Duration / 1e6, Failed,
    Origin, Agent, Model, Commit, Function
FROM spans WHERE TraceId = $trace ORDER BY Start, Finish DESC LIMIT 500
"""
