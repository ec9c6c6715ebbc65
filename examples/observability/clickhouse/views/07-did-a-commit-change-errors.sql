-- As clickhouse/07-did-a-commit-change-errors.sql, over views/otel_aiprov_hours.sql: whole hours,
-- and more errors. A view sees no traces: what a function called and let fail it counts for both.
WITH
    toStartOfHour(now() - INTERVAL 30 DAY) AS since,
    versions AS (
        SELECT
            ServiceName,
            Function AS function,
            Commit AS commit,
            any(Origin) AS origin,
            min(First) AS first,
            sum(Calls) AS calls,
            sum(Failed) AS errors
        FROM otel_aiprov_hours
        WHERE Hour >= since
            AND Unit IN ('function', 'handler')
            AND Commit != ''
            AND Function != ''
        GROUP BY ServiceName, function, commit
    )
SELECT
    *,
    errors / calls AS error_ratio,
    lagInFrame(toNullable(errors / calls)) OVER before AS error_ratio_before,
    lagInFrame(toNullable(commit)) OVER before AS commit_before
FROM versions
WINDOW before AS (
    PARTITION BY ServiceName, function ORDER BY first
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
)
ORDER BY error_ratio - error_ratio_before DESC NULLS LAST, ServiceName, function, first
LIMIT 50
