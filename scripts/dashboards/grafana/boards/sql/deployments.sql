WITH (
    SELECT min(Timestamp) FROM otel_traces
    WHERE $__timeFilter(Timestamp) AND ServiceName IN (${service:singlequote})
) AS begin
SELECT
    min(Timestamp) AS time,
    concat(ServiceName, ' runs another revision') AS title,
    ResourceAttributes['vcs.ref.head.revision'] AS text
FROM otel_traces
WHERE $__timeFilter(Timestamp) AND ServiceName IN (${service:singlequote}) AND text != ''
GROUP BY ServiceName, text
HAVING time > begin + INTERVAL 5 MINUTE
ORDER BY time
