WITH failed_below AS (
    SELECT DISTINCT TraceId, ParentSpanId AS SpanId
    FROM otel_traces
    WHERE $__timeFilter(Timestamp) AND ServiceName IN (${service:singlequote})
        AND StatusCode = 'Error' AND SpanAttributes['aiprov.origin'] != ''
), versions AS (
    SELECT
        ServiceName AS service,
        SpanAttributes['code.function.name'] AS function,
        SpanAttributes['aiprov.commit.id'] AS commit,
        any(SpanAttributes['aiprov.origin']) AS origin,
        any(SpanAttributes['aiprov.model.name']) AS model,
        min(Timestamp) AS first,
        countIf(StatusCode = 'Error' AND (TraceId, SpanId) NOT IN failed_below) AS failed,
        count() AS calls
    FROM otel_traces
    WHERE $__timeFilter(Timestamp) AND ServiceName IN (${service:singlequote})
        AND SpanAttributes['aiprov.unit'] IN ('function', 'handler')
        AND SpanAttributes['aiprov.commit.id'] != ''
        AND SpanAttributes['code.function.name'] != ''
    GROUP BY service, function, commit
)
SELECT
    function,
    commit,
    origin AS "written by",
    model,
    first AS "ran first",
    failed,
    calls,
    failed / calls AS "error ratio",
    lagInFrame(toNullable(failed / calls)) OVER (
        PARTITION BY service, function ORDER BY first
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "of the commit before"
FROM versions
ORDER BY failed DESC, function, first
LIMIT 100
