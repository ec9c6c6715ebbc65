-- Is AI-written code slower in itself, without what it calls?
-- Self time: the duration less that of the direct children, at least 0. Children that ran at the
-- same time are subtracted one by one; `aiprov report --from clickhouse://…` takes their union.
WITH
    now() - INTERVAL 1 DAY AS since,
    below AS (
        SELECT TraceId, ParentSpanId AS SpanId, sum(Duration) AS Nanoseconds
        FROM otel_traces
        WHERE Timestamp > since
        GROUP BY TraceId, SpanId
    )
SELECT
    units.ServiceName AS ServiceName,
    SpanAttributes['aiprov.origin'] AS origin,
    count() AS calls,
    quantileExact(0.5)(greatest(toInt64(Duration) - toInt64(Nanoseconds), 0)) / 1e6 AS self_p50_ms,
    quantileExact(0.95)(greatest(toInt64(Duration) - toInt64(Nanoseconds), 0)) / 1e6 AS self_p95_ms
FROM otel_traces AS units
LEFT JOIN below ON below.TraceId = units.TraceId AND below.SpanId = units.SpanId
WHERE Timestamp > since AND SpanAttributes['aiprov.unit'] IN ('function', 'handler')
GROUP BY ServiceName, origin
ORDER BY ServiceName, origin
