-- As clickhouse/02-who-carries-the-failures.sql, over views/otel_aiprov_hours.sql: whole hours.
WITH toStartOfHour(now() - INTERVAL 1 HOUR) AS since
SELECT
    ServiceName,
    RaisedBy AS raised_by,
    sum(Failed) AS failed,
    failed / sum(failed) OVER (PARTITION BY ServiceName) AS share,
    max(Newest) AS newest,
    argMaxMerge(Trace) AS trace
FROM otel_aiprov_hours
WHERE Hour >= since AND Request AND RaisedBy != ''
GROUP BY ServiceName, raised_by
ORDER BY ServiceName, failed DESC, raised_by
