-- Did a commit change how often the functions fail that it touched?
-- A row for each commit that a function ran with, beside the one that ran before it.
-- A failure counts for the innermost function that it failed. otel_traces has to remember both.
WITH
    now() - INTERVAL 3 DAY AS since,
    failed_below AS (
        SELECT DISTINCT TraceId, ParentSpanId AS SpanId
        FROM otel_traces
        WHERE Timestamp > since AND StatusCode = 'Error' AND SpanAttributes['aiprov.origin'] != ''
    ),
    versions AS (
        SELECT
            ServiceName,
            SpanAttributes['code.function.name'] AS function,
            SpanAttributes['aiprov.commit.id'] AS commit,
            any(SpanAttributes['aiprov.origin']) AS origin,
            min(Timestamp) AS first,
            count() AS calls,
            countIf(StatusCode = 'Error' AND (TraceId, SpanId) NOT IN failed_below) AS errors
        FROM otel_traces
        WHERE Timestamp > since
            AND SpanAttributes['aiprov.unit'] IN ('function', 'handler')
            AND SpanAttributes['aiprov.commit.id'] != ''
            AND SpanAttributes['code.function.name'] != ''
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
