{# Of the errors of one group, the latest that has a stack trace. #}
SELECT TraceId, Entry, IsRequest, Time, Type, Origin, Agent, Model, Commit, Path, Line, Stacktrace
FROM errors
WHERE ServiceName = $service AND Type = $type AND Origin = $origin AND Outcome = $outcome
    AND coalesce(Agent, '') = $agent AND coalesce(Model, '') = $model AND coalesce(Commit, '') = $commit
    AND coalesce(Function, '') = $function AND coalesce(Path, '') = $path AND coalesce(Line, 0) = $line
ORDER BY Stacktrace IS NOT NULL DESC, IsRequest DESC, Time DESC, TraceId, SpanId LIMIT 1
