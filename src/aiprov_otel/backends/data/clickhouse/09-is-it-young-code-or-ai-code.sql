-- Is it AI-written code that fails, or young code? Error ratios by origin within bands of age.
-- The age of a commit at the time of the call.
WITH
    now() - INTERVAL 1 DAY AS since,
    failed_below AS (
        SELECT DISTINCT TraceId, ParentSpanId AS SpanId
        FROM otel_traces
        WHERE Timestamp > since AND StatusCode = 'Error' AND SpanAttributes['aiprov.origin'] != ''
    ),
    parseDateTimeBestEffortOrNull(SpanAttributes['aiprov.commit.time']) AS written,
    dateDiff('day', written, toDateTime(Timestamp)) AS days
SELECT
    ServiceName,
    multiIf(days < 7, '1: a week', days < 30, '2: a month', days < 365, '3: a year', '4: older')
        AS age,
    SpanAttributes['aiprov.origin'] AS origin,
    count() AS calls,
    countIf(StatusCode = 'Error' AND (TraceId, SpanId) NOT IN failed_below) AS errors,
    errors / calls AS error_ratio
FROM otel_traces
WHERE Timestamp > since
    AND SpanAttributes['aiprov.unit'] IN ('function', 'handler')
    AND written IS NOT NULL
GROUP BY ServiceName, age, origin
ORDER BY ServiceName, age, origin
