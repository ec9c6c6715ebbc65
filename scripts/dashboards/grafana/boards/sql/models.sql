WITH failed_below AS (
    SELECT DISTINCT TraceId, ParentSpanId AS SpanId
    FROM otel_traces
    WHERE $__timeFilter(Timestamp) AND ServiceName IN (${service:singlequote})
        AND StatusCode = 'Error' AND SpanAttributes['aiprov.origin'] != ''
)
SELECT
    SpanAttributes['aiprov.origin'] AS "written by",
    SpanAttributes['aiprov.model.name'] AS model,
    uniqExact(SpanAttributes['code.function.name']) AS functions,
    uniqExact(SpanAttributes['aiprov.commit.id']) AS commits,
    countIf(StatusCode = 'Error' AND (TraceId, SpanId) NOT IN failed_below) AS failed,
    count() AS calls,
    failed / calls AS "error ratio"
FROM otel_traces
WHERE $__timeFilter(Timestamp) AND ServiceName IN (${service:singlequote})
    AND SpanAttributes['aiprov.unit'] IN ('function', 'handler')
GROUP BY "written by", model
ORDER BY calls DESC, model, "written by"
