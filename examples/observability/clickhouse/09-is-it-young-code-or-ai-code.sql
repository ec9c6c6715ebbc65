-- Is it AI-written code that fails, or young code? The ratio of 01 within bands of age, and of all.
-- The age is that of the commit at the time of the call.
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
    parseDateTimeBestEffortOrNull(SpanAttributes['aiprov.commit.time']) AS written,
    dateDiff('day', written, toDateTime(Timestamp)) AS days,
    strata AS (
        SELECT
            units.ServiceName AS ServiceName,
            Route,
            multiIf(days < 7, '1: a week', days < 30, '2: a month', days < 365, '3: a year',
                '4: older') AS band,
            countIf(SpanAttributes['aiprov.origin'] = 'ai') AS ai_calls,
            countIf(SpanAttributes['aiprov.origin'] = 'human') AS human_calls,
            countIf(SpanAttributes['aiprov.origin'] = 'ai' AND StatusCode = 'Error'
                AND (units.TraceId, units.SpanId) NOT IN failed_below) AS ai_errors,
            countIf(SpanAttributes['aiprov.origin'] = 'human' AND StatusCode = 'Error'
                AND (units.TraceId, units.SpanId) NOT IN failed_below) AS human_errors,
            ai_calls + human_calls AS calls
        FROM otel_traces AS units
        INNER JOIN routes ON routes.TraceId = units.TraceId AND routes.ServiceName = units.ServiceName
        WHERE Timestamp > since
            AND SpanAttributes['aiprov.unit'] IN ('function', 'handler')
            AND written IS NOT NULL
        GROUP BY ServiceName, Route, band
        HAVING calls > 0
    )
SELECT
    ServiceName,
    if(band = '', 'all, within ages', band) AS age,
    sum(strata.ai_calls) AS ai_calls,
    sum(strata.ai_errors) AS ai_errors,
    sum(strata.human_calls) AS human_calls,
    sum(strata.human_errors) AS human_errors,
    sum(strata.ai_errors * strata.human_calls / calls)
        / sum(strata.human_errors * strata.ai_calls / calls) AS ratio_within_routes
FROM strata
GROUP BY GROUPING SETS ((ServiceName, band), (ServiceName))
ORDER BY ServiceName, age
