"""The questions that the report asks of the prepared tables."""

from __future__ import annotations

from typing import Final

from aiprov_otel.report.sampling import COUNT, SPREAD

MOST: Final = 200
"""Functions of a list."""


def by(*dimensions: str) -> str:
    """Calls, errors and self time by *dimensions*, columns that units and errors share."""
    columns = ", ".join(dimensions)
    same = " AND ".join(f"called.{name} IS NOT DISTINCT FROM failed.{name}" for name in dimensions)
    chosen = ", ".join(f"coalesce(called.{name}, failed.{name}) AS {name}" for name in dimensions)
    return f"""
        WITH called AS (
            SELECT
                {columns}, count(DISTINCT Function) AS functions, {COUNT} AS calls,
                quantile_cont(SelfMs, 0.5) AS p50, quantile_cont(SelfMs, 0.95) AS p95,
                {SPREAD} AS spread
            FROM units GROUP BY {columns}
        ),
        failed AS (SELECT {columns}, {COUNT} AS errors FROM errors GROUP BY {columns})
        SELECT
            {chosen}, coalesce(functions, 0), coalesce(calls, 0), coalesce(errors, 0), p50, p95,
            coalesce(spread, 1)
        FROM called FULL JOIN failed ON {same}
        ORDER BY {", ".join(str(number + 1) for number in range(len(dimensions)))}
    """


def over_functions(*dimensions: str) -> str:
    """By *dimensions*, the number of functions and the sums that `bunched.Sums` wants of them."""
    columns = ", ".join(dimensions)
    return f"""
        WITH counted AS (
            SELECT {columns}, Function, Weight AS calls, 0 AS errors FROM units
            UNION ALL
            SELECT {columns}, Function, 0 AS calls, Weight AS errors FROM errors
        ),
        each AS (
            SELECT {columns}, Function, sum(calls) AS calls, sum(errors) AS errors
            FROM counted GROUP BY {columns}, Function
        )
        SELECT
            {columns}, count(*), sum(calls), sum(errors), sum(errors * errors),
            sum(errors * calls), sum(calls * calls)
        FROM each GROUP BY {columns}
    """


COVERAGE: Final = f"""
SELECT
    (SELECT count(*) FROM spans),
    {COUNT},
    sum(Weight) FILTER (WHERE Origin <> 'unknown') / nullif(sum(Weight), 0),
    sum(Weight) FILTER (WHERE Origin <> 'unknown' AND Strength = 'weak')
        / nullif(sum(Weight) FILTER (WHERE Origin <> 'unknown' AND Strength IS NOT NULL), 0)
FROM units
"""

MATCHES: Final = """
SELECT Match, sum(Weight) / sum(sum(Weight)) OVER () FROM units
WHERE Match IS NOT NULL GROUP BY Match ORDER BY Match
"""

TOP_EXCEPTIONS: Final = f"""
SELECT Type, Origin, Agent, Model, Commit, Path, Line, {COUNT} AS n FROM errors
GROUP BY Type, Origin, Agent, Model, Commit, Path, Line
ORDER BY n DESC, Type, Path, Line LIMIT 10
"""

FAILING: Final = f"""
SELECT * FROM functions WHERE errors > 0 ORDER BY errors DESC, calls DESC, Function LIMIT {MOST}
"""

SLOWEST: Final = f"""
SELECT * FROM functions WHERE spent > 0 ORDER BY spent DESC, Function LIMIT {MOST}
"""

LATEST_FAILURES: Final = """
WITH latest AS (
    SELECT TraceId, Time, Type, Origin, Agent, Model, Commit, Path, Line, Stacktrace FROM errors
    WHERE Stacktrace IS NOT NULL AND Path IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY Type, Path, Line ORDER BY Time DESC, TraceId) = 1
)
SELECT TraceId, Time, Type, Origin, Agent, Model, Commit, Path, Line, Stacktrace FROM latest
ORDER BY Origin <> 'unknown' DESC, Time DESC, Type, Path, Line LIMIT 5
"""

REPOSITORIES: Final = """
SELECT DISTINCT Repository FROM spans WHERE Failed AND Repository IS NOT NULL ORDER BY 1 LIMIT 2
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
