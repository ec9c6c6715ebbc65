WITH latest AS (
    SELECT TraceId, Entry, IsRequest, Time, Type, Origin, Agent, Model, Commit, Path, Line, Stacktrace
    FROM errors
    WHERE Stacktrace IS NOT NULL AND Path IS NOT NULL AND Outcome = 'escaped'
    QUALIFY row_number() OVER (
        PARTITION BY Type, Path, Line ORDER BY IsRequest DESC, Time DESC, TraceId, SpanId
    ) = 1
)
SELECT TraceId, Entry, IsRequest, Time, Type, Origin, Agent, Model, Commit, Path, Line, Stacktrace FROM latest
ORDER BY IsRequest DESC, Origin <> 'unknown' DESC, Time DESC, Type, Path, Line LIMIT 5
