-- How much of the traffic runs AI-written code: the exposure, in calls and in requests?
WITH now() - INTERVAL 1 DAY AS since
SELECT
    ServiceName,
    SpanAttributes['aiprov.origin'] AS origin,
    count() AS calls,
    calls / sum(calls) OVER (PARTITION BY ServiceName) AS share_of_calls,
    countIf(SpanAttributes['aiprov.unit'] = 'handler') AS requests,
    requests / greatest(sum(requests) OVER (PARTITION BY ServiceName), 1) AS share_of_requests
FROM otel_traces
WHERE Timestamp > since AND SpanAttributes['aiprov.unit'] IN ('function', 'handler')
GROUP BY ServiceName, origin
ORDER BY ServiceName, calls DESC, origin
