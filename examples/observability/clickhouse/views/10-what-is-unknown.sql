-- As clickhouse/10-what-is-unknown.sql, over views/otel_aiprov_hours.sql: whole hours.
WITH toStartOfHour(now() - INTERVAL 1 DAY) AS since
SELECT
    ServiceName,
    Match AS match,
    Evidence AS evidence,
    Origin = 'unknown' AS unknown,
    sum(Calls) AS calls,
    calls / sum(calls) OVER (PARTITION BY ServiceName) AS share
FROM otel_aiprov_hours
WHERE Hour >= since AND Unit IN ('function', 'handler')
GROUP BY ServiceName, match, evidence, unknown
ORDER BY ServiceName, unknown DESC, calls DESC, match, evidence
