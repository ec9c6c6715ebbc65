SELECT
    $__timeInterval(at) AS time,
    substring(said['aiprov.exception.commit.id'], 1, 10) AS commit,
    uniqExact(TraceId, said['exception.message']) AS exceptions
FROM otel_traces
ARRAY JOIN Events.Timestamp AS at, Events.Name AS name, Events.Attributes AS said
WHERE $__timeFilter(Timestamp) AND ServiceName IN (${service:singlequote})
    AND name = 'exception' AND said['aiprov.exception.commit.id'] != ''
GROUP BY time, commit
ORDER BY time, commit
