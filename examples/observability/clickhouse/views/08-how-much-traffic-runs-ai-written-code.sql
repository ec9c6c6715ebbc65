-- As clickhouse/08-how-much-traffic-runs-ai-written-code.sql, over views/otel_aiprov_hours.sql:
-- whole hours.
WITH toStartOfHour(now() - INTERVAL 1 DAY) AS since
SELECT
    ServiceName,
    Origin AS origin,
    sum(Calls) AS calls,
    calls / sum(calls) OVER (PARTITION BY ServiceName) AS share_of_calls,
    sumIf(Calls, Unit = 'handler') AS requests,
    requests / greatest(sum(requests) OVER (PARTITION BY ServiceName), 1) AS share_of_requests
FROM otel_aiprov_hours
WHERE Hour >= since AND Unit IN ('function', 'handler')
GROUP BY ServiceName, origin
ORDER BY ServiceName, calls DESC, origin
