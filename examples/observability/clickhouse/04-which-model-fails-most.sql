-- Code of which model has the highest error ratio?
-- Crude: models write different things. A failure counts for the innermost function that it failed.
WITH
    now() - INTERVAL 1 DAY AS since,
    failed_below AS (
        SELECT DISTINCT TraceId, ParentSpanId AS SpanId
        FROM otel_traces
        WHERE Timestamp > since AND StatusCode = 'Error' AND SpanAttributes['aiprov.origin'] != ''
    )
SELECT
    ServiceName,
    SpanAttributes['aiprov.model.name'] AS model,
    count() AS calls,
    countIf(StatusCode = 'Error' AND (TraceId, SpanId) NOT IN failed_below) AS errors,
    errors / calls AS error_ratio
FROM otel_traces
WHERE Timestamp > since
    AND SpanAttributes['aiprov.unit'] IN ('function', 'handler')
    AND SpanAttributes['aiprov.origin'] = 'ai'
GROUP BY ServiceName, model
ORDER BY ServiceName, error_ratio DESC, model
