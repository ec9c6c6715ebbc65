-- Which commit raised these exceptions, at which line, and who or what wrote it?
-- An exception that several spans of a trace recorded is one.
WITH now() - INTERVAL 1 DAY AS since
SELECT
    ServiceName,
    said['aiprov.exception.commit.id'] AS commit,
    said['aiprov.exception.origin'] AS origin,
    said['aiprov.exception.agent.name'] AS agent,
    said['aiprov.exception.model.name'] AS model,
    said['exception.type'] AS type,
    said['code.function.name'] AS function,
    concat(said['aiprov.file.path'], ':', said['code.line.number']) AS line,
    uniqExact(TraceId, said['exception.message']) AS exceptions,
    min(at) AS first,
    max(at) AS newest,
    argMax(TraceId, at) AS trace
FROM otel_traces
ARRAY JOIN Events.Timestamp AS at, Events.Name AS name, Events.Attributes AS said
WHERE Timestamp > since AND name = 'exception' AND said['aiprov.exception.origin'] != ''
    AND said['aiprov.exception.repeated'] != 'true'
GROUP BY ServiceName, commit, origin, agent, model, type, function, line
ORDER BY exceptions DESC, ServiceName, commit, type, line
LIMIT 50
