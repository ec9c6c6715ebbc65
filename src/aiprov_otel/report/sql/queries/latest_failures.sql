WITH latest AS (
    SELECT TraceId, Time, Type, Origin, Agent, Model, Commit, Path, Line, Stacktrace FROM errors
    WHERE Stacktrace IS NOT NULL AND Path IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY Type, Path, Line ORDER BY Time DESC, TraceId) = 1
)
SELECT TraceId, Time, Type, Origin, Agent, Model, Commit, Path, Line, Stacktrace FROM latest
ORDER BY Origin <> 'unknown' DESC, Time DESC, Type, Path, Line LIMIT 5
