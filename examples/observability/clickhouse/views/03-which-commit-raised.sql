-- As clickhouse/03-which-commit-raised.sql, over views/otel_aiprov_exceptions.sql.
WITH now() - INTERVAL 1 DAY AS since
SELECT
    ServiceName,
    Commit AS commit,
    Origin AS origin,
    Agent AS agent,
    Model AS model,
    Type AS type,
    Function AS function,
    Line AS line,
    uniqExact(TraceId, MessageHash) AS exceptions,
    min(Timestamp) AS first,
    max(Timestamp) AS newest,
    argMax(TraceId, Timestamp) AS trace
FROM otel_aiprov_exceptions
WHERE Timestamp > since
GROUP BY ServiceName, commit, origin, agent, model, type, function, line
ORDER BY exceptions DESC, ServiceName, commit, type, line
LIMIT 50
