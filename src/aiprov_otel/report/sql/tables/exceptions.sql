{# Each exception once: not where it was recorded again, nor a group whose members were recorded. #}
CREATE TEMPORARY TABLE exceptions AS
SELECT
    Number, TraceId, SpanId, Weight, Time, Type, Message, Origin, Agent, Model, Commit, Function, Path, Line,
    Stacktrace
FROM recorded_exceptions
WHERE NOT Repeated AND Number NOT IN (SELECT Repeat FROM repeats)
    AND NOT (Type IN ('ExceptionGroup', 'BaseExceptionGroup') AND (TraceId, SpanId) IN (
        SELECT TraceId, Ancestor FROM ancestors WHERE BelowRaising
    ))
