SELECT
    said['aiprov.exception.commit.id'] AS commit,
    said['aiprov.exception.origin'] AS "written by",
    said['aiprov.exception.model.name'] AS model,
    said['exception.type'] AS type,
    concat(said['aiprov.file.path'], ':', said['code.line.number']) AS line,
    uniqExact(TraceId, said['exception.message']) AS exceptions,
    min(at) AS first,
    max(at) AS newest
FROM otel_traces
ARRAY JOIN Events.Timestamp AS at, Events.Name AS name, Events.Attributes AS said
WHERE $__timeFilter(Timestamp) AND ServiceName IN (${service:singlequote})
    AND name = 'exception' AND said['aiprov.exception.commit.id'] != ''
GROUP BY commit, "written by", model, type, line
ORDER BY exceptions DESC, commit, type, line
LIMIT 50
