-- Do AI-written functions fail more than human-written ones, on the same routes?
-- The Mantel-Haenszel ratio over routes, beside the crude one. Limits that hold, and what it can't
-- tell: `aiprov report --from clickhouse://…`.
WITH
    now() - INTERVAL 1 DAY AS since,
    routes AS (
        SELECT TraceId, ServiceName, argMin(SpanName, Timestamp) AS Route
        FROM otel_traces
        WHERE Timestamp > since AND SpanKind IN ('Server', 'Consumer')
        GROUP BY TraceId, ServiceName
    ),
    failed_below AS (
        SELECT DISTINCT TraceId, ParentSpanId AS SpanId
        FROM otel_traces
        WHERE Timestamp > since AND StatusCode = 'Error' AND SpanAttributes['aiprov.origin'] != ''
    ),
    strata AS (
        SELECT
            units.ServiceName AS ServiceName,
            Route,
            countIf(SpanAttributes['aiprov.origin'] = 'ai') AS ai_calls,
            countIf(SpanAttributes['aiprov.origin'] = 'human') AS human_calls,
            countIf(SpanAttributes['aiprov.origin'] = 'ai' AND StatusCode = 'Error'
                AND (units.TraceId, units.SpanId) NOT IN failed_below) AS ai_errors,
            countIf(SpanAttributes['aiprov.origin'] = 'human' AND StatusCode = 'Error'
                AND (units.TraceId, units.SpanId) NOT IN failed_below) AS human_errors,
            ai_calls + human_calls AS calls
        FROM otel_traces AS units
        INNER JOIN routes ON routes.TraceId = units.TraceId AND routes.ServiceName = units.ServiceName
        WHERE Timestamp > since AND SpanAttributes['aiprov.unit'] IN ('function', 'handler')
        GROUP BY ServiceName, Route
        HAVING calls > 0
    )
SELECT
    ServiceName,
    sum(strata.ai_calls) AS ai_calls,
    sum(strata.ai_errors) AS ai_errors,
    sum(strata.human_calls) AS human_calls,
    sum(strata.human_errors) AS human_errors,
    countIf(strata.ai_calls > 0 AND strata.human_calls > 0) AS routes_with_both,
    (ai_errors / ai_calls) / (human_errors / human_calls) AS crude_ratio,
    sum(strata.ai_errors * strata.human_calls / calls)
        / sum(strata.human_errors * strata.ai_calls / calls) AS ratio_within_routes
FROM strata
GROUP BY ServiceName
ORDER BY ServiceName
